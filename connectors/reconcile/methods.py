"""Payment methods: what `GET /v1/payment-methods` lists against what our words become (seed 002, phase 2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.pollers.client import PollError
from connectors.status.queries import PAYMENT_METHODS
from connectors.status.reading import Reading
from streams.platforms.fields import child, identifier
from streams.platforms.json import decode_value
from streams.platforms.webhook import Undecodable
from streams.settings.model import Target


async def listed_methods(reading: Reading) -> Mapping[str, str]:
    """`methodId` → its name there. Raises `PollError`."""
    try:
        return read_methods(await reading.page(PAYMENT_METHODS))
    except Undecodable as error:
        raise PollError("unreadable", f"{PAYMENT_METHODS}: {error}") from None


async def unknown_methods(reading: Reading, target: Target) -> Mapping[str, Sequence[str]]:
    """The configured methods that are not listed → the words that become them. Raises `PollError`."""
    return missing(mapped(target), await listed_methods(reading))


def read_methods(body: bytes) -> Mapping[str, str]:
    """Of a list as the API writes it. Raises `Undecodable`."""
    value = decode_value(body)
    if not isinstance(value, list):
        raise Undecodable("not-a-list", "the answer is not a list of payment methods")
    found = ((_id(each), each) for each in value if isinstance(each, dict))
    return {id: name if isinstance(name := each.get("name"), str) else "" for id, each in found if id is not None}


def mapped(target: Target) -> Mapping[str, Sequence[str]]:
    """`methodId` → our words for it, as the settings have them."""
    assert target.commerceos is not None
    found: dict[str, list[str]] = {}
    for word, method in sorted(target.commerceos.payment_methods.items()):
        found.setdefault(method, []).append(word)
    return found


def missing(configured: Mapping[str, Sequence[str]], listed: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """What is configured and not listed."""
    return {method: words for method, words in configured.items() if method not in listed}


def _id(method: Mapping[str, Any]) -> str | None:
    return identifier(child(method, "identifiers").get("methodId"))
