"""How far each unit of an order is (seed 002, "Partial Fulfillment"): what the `statusDetails` of its items count.

They count the units of an item by where they are: in no shipment yet (the item's own status), or at a shipment's stage.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.platforms.commerceos.options import KEY, Options, first_id
from streams.platforms.commerceos.words import COMMITTED, FULFILMENT, words
from streams.platforms.facts import number_lines
from streams.platforms.fields import Inexact, Object, child, identifier, members
from streams.vocabulary.base import parse_money

# There are eight or so; what is beyond says nothing more to a person.
WORDS_MAX = 20
UNREADABLE = "unreadable-units"


def fulfilment_facts(order: Object, options: Options) -> dict[str, Any]:
    """Of each item that says where its units are: its SKU, and how many are at which word. Nothing, where one of them
    cannot be read: what was counted before holds, rather than a count without them."""
    found: list[dict[str, Any]] = []
    if doubts(order):
        return {}
    for number, item in enumerate(_items(order), 1):
        if units := _units(item):
            identifiers = child(child(item, "product"), "identifiers")
            sku = options.sku(identifiers)
            id = identifier(child(item, "identifiers").get(KEY)) or sku or first_id(identifiers) or str(number)
            found.append({"id": id, "units": units} | ({"sku": sku} if sku is not None else {}))
    return {"fulfilment": number_lines(found)} if found else {}


def doubts(order: Object) -> list[str]:
    """The flag of an order whose units cannot be read: a person is to know."""
    return [UNREADABLE] if any(_units(item) is None for item in _items(order)) else []


def stage_of(order: Object) -> str | None:
    """The stage that a committed order has come to, of `FULFILMENT`: that of the units which are least far.

    `New`, so being prepared, where others are in no shipment yet. None where not every item tells, or none has begun.
    """
    said = [_units(item) for item in _items(order)]
    if not all(said):
        return None
    known = {word for units in said for word in units or () if word == COMMITTED or word in FULFILMENT}
    stages = known - {COMMITTED}
    if not stages:
        return None
    return "New" if COMMITTED in known else min(stages, key=lambda word: FULFILMENT[word].rank)


def _items(order: Object) -> Sequence[Object]:
    return members(order, "items") or ()


def _units(item: Object) -> Mapping[str, Decimal] | None:
    """Word → how many units, where it is any; None where something is neither a word nor a number."""
    details = item.get("statusDetails")
    if details is None:
        return {}
    if not isinstance(details, list):
        return None
    found: dict[str, Decimal] = {}
    for detail in details:
        said = words(detail.get("status")) if isinstance(detail, dict) else ()
        quantity = _counted(detail.get("quantity")) if isinstance(detail, dict) else None
        if len(said) != 1 or quantity is None:
            return None
        if quantity and len(found) < WORDS_MAX:
            found[said[0]] = quantity
    return found


def _counted(value: Any) -> Decimal | None:
    if isinstance(value, float):
        raise Inexact
    try:
        return parse_money(value)
    except ValueError:
        return None
