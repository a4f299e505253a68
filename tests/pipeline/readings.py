"""What of the rubbish is read all the same, and how its order differs from that of the sample as it stands.

Told apart from what the decoders say: each payload changes one thing of the sample, and nothing else may change.
"""

from collections.abc import Mapping
from typing import Any

from projections.fold import fold
from streams.vocabulary import Order
from tests.pipeline import rubbish
from tests.streams.platforms.case import Case

Facts = dict[str, Any]

FACTS = (
    *("shop", "supplier", "status", "payment_status", "currency", "total", "subtotal", "tax", "discount"),
    *("shipping_cost", "lines", "customer", "shipping_address", "billing_address", "payments", "shipments", "flags"),
    *("placed_at", "expected_at", "platform_status", "platform_delivery_state", "platform_type", "note"),
)
# Of an order of which a ping was all that came.
NOTHING: Facts = {
    **dict.fromkeys(FACTS),
    **{name: [] for name in ("lines", "payments", "shipments", "flags")},
    **{"status": "pending", "payment_status": "unpaid"},
}
# By platform or case: the facts that are other than the sample's; None, or not named: it is not read.
EMPTY_LISTS: Mapping[str, Facts | None] = {
    "apicbase": None,
    "duda": {"lines": [], "tax": "0", "discount": "0"},
    "selldone": {"lines": []},
    "commerceos-order": {
        **{"lines": [], "payments": [], "payment_status": "unpaid", "shop": None},
        **{"shipping_address": None, "billing_address": None},
    },
    "external-system": {},
    "mapping": {"lines": [], "payments": []},
}
EMOJIS: Mapping[str, Facts | None] = {
    "commerceos-status": {
        "status": "pending",
        "platform_status": "Committed" + rubbish.EMOJI,
        "flags": ["unknown-event:order.unknown", "unknown-status:"],
    },
    "commerceos-shipment": {
        "status": "pending",
        "shipments": [
            {
                "id": "01JF4Z6T9Q" + rubbish.EMOJI,
                "status": "Transiting" + rubbish.EMOJI,
                "tracking_url": "https://tracking.example.com/SE123456789" + rubbish.EMOJI,
            }
        ],
        "flags": ["unknown-event:shipment.unknown", "unknown-shipment-status:"],
    },
}
# Those whose sample has a quantity. No stock is given back for what cannot have been ordered: a person is to know.
NEGATIVE: Mapping[str, Facts | None] = {
    "apicbase": None,
    "duda": {"flags": ["line-without-stock"]},
    "commerceos-order": {},
    "mapping": {},
}
WITH_CURRENCY = ("duda", "selldone", "commerceos-order", "mapping")
# Their payments have a currency each, and that is changed as well.
WITH_PAID_CURRENCY = ("duda", "commerceos-order")


def facts_of(order: Order) -> Facts:
    """As they are written."""
    written = order.to_dict()
    return {name: written[name] for name in FACTS}


def expected(case: Case, name: str) -> Facts | None:
    """The facts that the order has by the payload of that name, and by no other; None: it must not be read."""
    sample = facts_of(fold(None, case.event(rubbish.own(case, name))))
    changes = _changes(str(case), name, sample)
    return None if changes is None else sample | changes


def _changes(case: str, name: str, sample: Facts) -> Facts | None:
    if name in rubbish.CURRENCIES:
        return _with_currency(case, rubbish.CURRENCIES[name], sample)
    match name:
        case "with a byte order mark":
            return {}
        case "twice in a list":
            return {} if case.startswith("commerceos") else None
        case "every list empty":
            return EMPTY_LISTS.get(case)
        case "an emoji and a zero in every text":
            return EMOJIS.get(case)
        case "negative quantities":
            changes = NEGATIVE.get(case, {})
            lines = [{**line, "quantity": "-3"} if case in NEGATIVE else line for line in sample["lines"]]
            return None if changes is None else {"lines": lines, **changes}
        case _:
            return None


def _with_currency(case: str, word: object, sample: Facts) -> Facts:
    """Kept as it is written, a number as its digits; a word of CommerceOS' that is none is not said."""
    if case not in WITH_CURRENCY:
        return {}
    is_said = isinstance(word, str) and word != "" if case == "commerceos-order" else word is not None
    said = str(word) if is_said else None
    if case not in WITH_PAID_CURRENCY:
        return {"currency": said}
    paid = {"currency": said} if case == "duda" or is_said else {}
    bare = [{key: value for key, value in one.items() if key != "currency"} for one in sample["payments"]]
    return {"currency": said, "payments": [one | paid for one in bare]}
