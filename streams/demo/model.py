"""What an order's record at the target must say, from its webhooks alone.

Written from the platforms' documents (seeds 003 and 004) and from what Orderlog promises, without importing the code
that does it: a second opinion. Pure.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from streams.demo import duda, selldone
from streams.demo.evidence import Body
from streams.demo.webhook import DUDA

DUDA_RANKS = (duda.CREATED, duda.UPDATED, duda.DELETED)


@dataclass(frozen=True, slots=True)
class Told:
    """What one webhook tells. `at`: the platform's time (µs) and, for events of the same time, which comes first."""

    order_key: str
    at: tuple[int, int]
    is_placing: bool
    is_cancelling: bool
    body: Body


@dataclass(frozen=True, slots=True)
class Expected:
    """`must` be at the target; or `may`: cancelled, and whether it was created before depends on who was quicker.

    `body`: what its record says if there is one, the platform's last word, also where the order was cancelled.
    """

    must: bool
    may: bool
    body: Body


def expected(arrived: Iterable[tuple[str, bytes]]) -> Mapping[str, Expected]:
    """`arrived`: (source, body) in the order in which Kafka has them. Bodies that are no order are left out."""
    orders: dict[str, list[Told]] = {}
    for source, body in arrived:
        told = read(source, body)
        if told is not None:
            orders.setdefault(told.order_key, []).append(told)
    return {key: _expect(all_told) for key, all_told in orders.items()}


def read(source: str, body: bytes) -> Told | None:
    """None where it is not an order of that platform."""
    try:
        # Of a key that is there twice the last counts, as with every JSON parser (seed 003 has one).
        document = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        return _read_duda(document) if source == DUDA else _read_selldone(document)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return None


def _expect(told: list[Told]) -> Expected:
    placed = next((at for at, one in enumerate(told) if one.is_placing), None)
    cancelled = next((at for at, one in enumerate(told) if one.is_cancelling), None)
    # Of two webhooks with the same time and kind, the one that arrived later counts.
    last = max(enumerate(told), key=lambda entry: (entry[1].at, entry[0]))[1]
    may = placed is not None and (cancelled is None or placed < cancelled)
    return Expected(must=may and cancelled is None, may=may, body=last.body)


def _read_duda(document: Mapping[str, Any]) -> Told:
    data, event = document["data"], document["event_type"]
    items = [(Decimal(item["quantity"]), Decimal(item["unit_price"])) for item in data["items"]]
    return Told(
        order_key=f"{DUDA}:{document['resource_data']['site_name']}/{data['invoice_number']}",
        at=(int(document["event_timestamp"]) * 1000, DUDA_RANKS.index(event)),
        is_placing=event == duda.CREATED,
        is_cancelling=event == duda.DELETED or data["status"] == "CANCELLED",
        body=Body(Decimal(data["total"]), data["currency"], tuple(sorted(items)), data["email"]),
    )


def _read_selldone(document: Mapping[str, Any]) -> Told:
    basket, action = document["basket"], document["action"]
    people = [person for person in (document["customer"], document["user"]) if person]
    # A line of a Selldone basket has no quantity: each is one piece.
    items = [(Decimal(1), Decimal(item["price"])) for item in basket["items"]]
    at = datetime.fromisoformat(basket["updated_at"])
    return Told(
        order_key=f"selldone:{document['shop']['id']}/{basket['id']}",
        at=(int(at.timestamp() * 1_000_000), 0),
        is_placing=action == selldone.CHECKOUT,
        is_cancelling=basket["status"] == "Canceled",
        body=Body(
            Decimal(basket["price"]), basket["currency"], tuple(sorted(items)), people[0]["email"] if people else None
        ),
    )
