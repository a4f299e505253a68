"""How far each unit of an order is (seed 002, "Partial Fulfillment"): what the `statusDetails` of its items count.

They count the units of an item by where they are: in no shipment yet (the item's own status), or at a shipment's stage.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.platforms.commerceos.options import KEY, Options, first_id
from streams.platforms.commerceos.words import COMMITTED, FULFILMENT, words
from streams.platforms.facts import flagged, number_lines
from streams.platforms.fields import Inexact, Object, child, identifier, members
from streams.platforms.webhook import Undecodable
from streams.vocabulary.base import parse_money

# There are eight or so; what is beyond says nothing more to a person.
WORDS_MAX = 20
UNREADABLE = "unreadable-units"


def fulfilment_facts(order: Object, options: Options) -> dict[str, Any]:
    """Of each item that says where its units are: its SKU, and how many are at which word. Nothing, where one of them
    cannot be read, but a flag: what was counted before holds, rather than a count without them."""
    found: list[dict[str, Any]] = []
    for number, item in enumerate(_items(order), 1):
        if (units := _units(item)) is None:
            return flagged({}, UNREADABLE)
        if units:
            identifiers = child(child(item, "product"), "identifiers")
            sku = options.sku(identifiers)
            id = identifier(child(item, "identifiers").get(KEY)) or sku or first_id(identifiers) or str(number)
            found.append({"id": id, "units": units} | ({"sku": sku} if sku is not None else {}))
    return {"fulfilment": number_lines(found)} if found else {}


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
    try:
        details = members(item, "statusDetails") or ()
    except Undecodable:
        return None
    found: dict[str, Decimal] = {}
    for detail in details:
        said, quantity = words(detail.get("status")), _counted(detail.get("quantity"))
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
