"""Mapped types and sync webhooks: documents that are kept as they come (seed 002, webhook configuration)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.model import Identifiers
from connectors.sandbox.commerceos.query import Resource
from connectors.sandbox.commerceos.read import Document
from connectors.sandbox.commerceos.refusal import invalid
from connectors.sandbox.commerceos.shelf import Shelf

MAPPED_TYPES, SYNC_WEBHOOKS = "mapped-types", "sync-webhooks"


@dataclass(slots=True)
class Saved:
    key: str
    identifiers: Identifiers
    document: dict[str, Any]


def shelves() -> dict[str, Shelf[Saved]]:
    return {MAPPED_TYPES: Shelf("MT", 1000), SYNC_WEBHOOKS: Shelf("SW", 1000)}


def put(all_shelves: dict[str, Shelf[Saved]], kind: str, namespace: str, id: str, body: bytes) -> tuple[Saved, bool]:
    """The document in its place, and whether it is new there. Raises `Refused`."""
    document: Document = read.document(body)
    ids = read.named(document.get("identifiers"), "identifiers")
    if ids.get(namespace) != id:
        raise invalid("InvalidIdentifier", "the identifiers do not hold that of the path", f"identifiers.{namespace}")
    read.required(document, ("body",) if kind == MAPPED_TYPES else ("name", "when", "in", "out"))
    if kind == SYNC_WEBHOOKS:
        _check_mapped(all_shelves[MAPPED_TYPES], document)
    shelf, plain = all_shelves[kind], orjson.loads(body)
    known = shelf.find(f"{namespace}={id}")
    if known is None:
        made = Saved(shelf.new_key(), ids, plain)
        shelf.add(made, [(namespace, id)])
        return made, True
    known.identifiers, known.document = ids, plain
    return known, False


def saved_view(saved: Saved) -> Resource:
    fields: dict[str, Callable[[Saved], Any]] = {name: partial(_field, name) for name in saved.document}
    return Resource(saved, {**fields, "identifiers": lambda it: {"key": it.key, **it.identifiers}})


def _field(name: str, saved: Saved) -> Any:
    return saved.document[name]


def _check_mapped(types: Shelf[Saved], document: Document) -> None:
    """A mapped type is named by its database key and is active; a body that is given inline would be ignored."""
    if "map" not in document:
        return
    given = document["map"]
    key = given.get("identifiers", {}).get("key") if isinstance(given, dict) else None
    found = types.find(f"key={key}") if isinstance(key, str) else None
    if found is None or found.document.get("active") is not True:
        raise invalid("MappedTypeNotFound", "map.identifiers.key is the key of no active mapped type", "map")
