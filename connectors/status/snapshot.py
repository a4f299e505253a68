"""The orders on a page, each with its id and the digest that tells whether it is news. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.pollers.answer import Unreadable, read_list
from streams.platforms.fields import child, identifier, reference
from streams.platforms.json import decode_value
from streams.platforms.webhook import Undecodable

TIME = "timestamp"
KEY = "key"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One order as it is shown. `body`: exactly what the API wrote; `at`: when the order was made there."""

    id: str
    body: bytes
    at: datetime
    digest: str
    order: Mapping[str, Any]


def snapshots(source: str, namespace: str, body: bytes, now: datetime) -> Sequence[Snapshot]:
    """`namespace`: of our order ids; an order without one goes by its database key. Raises `Unreadable`."""
    found: list[Snapshot] = []
    for each in read_list(source, TIME, body, now):
        try:
            value = decode_value(each.body)
        except Undecodable as error:
            raise Unreadable(str(error)) from None
        order = value if isinstance(value, dict) else {}
        identifiers = child(order, "identifiers")
        id = reference(identifiers.get(namespace)) or identifier(identifiers.get(KEY)) or each.known.digest
        found.append(Snapshot(id, each.body, each.known.at, each.known.digest, order))
    return found
