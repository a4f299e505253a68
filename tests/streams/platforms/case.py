"""What a `Case` of the contract suite is, and how to write one.

A platform's owner writes `case_<platform>.py` with one or more `Case` and adds them to `CASES` in `cases.py`. What a
platform has no such thing of is left out, and the tests that need it do not run for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from streams.platforms import PLATFORMS, Identity, Platform, RawWebhook
from streams.vocabulary import OrderEvent
from tests.streams.platforms.samples import RECEIVED_AT, Change, changed, payload, webhook

BIG = 2**63 + 1
# Put in as the total, and then replaced in the bytes by an amount that no float can hold.
EXACT = 1234509876


@dataclass(frozen=True)
class Case:
    """`sample`: a payload of the platform that places an order; None where its webhooks have no body.

    The changes each make one thing different in it. `saying` makes the webhook whose event is the given word.
    `query`, `method`, `is_fetched`: of the request that the sample is. `reader`: where it is not `PLATFORMS[platform]`.
    `name` tells several cases of one platform apart.
    """

    platform: str
    sample: str | None
    name: str = ""
    reader: Platform | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    is_fetched: bool = False
    saying: Callable[["Case", str], RawWebhook] | None = None
    has_ids: bool = True  # the same bytes again are the same event; a thin ping has nothing to tell it by
    has_total: bool = True  # the sample states the order's total
    other_thing: Change | None = None  # a webhook about something that is no order
    unknown_event: Change | None = None  # an event of an order that no rule knows
    without_event: Change | None = None
    without_order: Sequence[Change] = ()
    big_id: Change | None = None  # the order's id is `BIG`, as a number or a string
    slash_in_shop: tuple[Change, Change] | None = None  # two orders that a careless join gives one key
    bad_amounts: Sequence[Change] = ()
    broken_lists: Sequence[Change] = ()  # what counts is not a list of objects
    odd_descriptions: Change | None = None  # wrong types where a field only describes
    without_time: Change | None = None
    null_total: Change | None = None
    without_total: Change | None = None
    exact_total: Change | None = None  # the total is `EXACT`, as a number or a string

    def __str__(self) -> str:
        return f"{self.platform}-{self.name}" if self.name else self.platform

    @property
    def module(self) -> Platform:
        return self.reader or PLATFORMS[self.platform]

    def body(self, change: Change | None = None) -> bytes:
        """The sample, changed."""
        if self.sample is None:
            return b""
        return payload(self.platform, self.sample) if change is None else changed(self.platform, self.sample, change)

    def webhook(self, body: bytes | None = None, offset: int = 7) -> RawWebhook:
        """The raw record with that body (else the sample)."""
        raw = webhook(self.platform, self.body() if body is None else body, offset)
        return replace(raw, query=self.query, method=self.method, is_fetched=self.is_fetched)

    def identify(self, body: bytes | None = None) -> Identity:
        return self.module.identify(self.body() if body is None else body, self.query)

    def event(self, body: bytes | None = None, offset: int = 7) -> OrderEvent:
        """The one event of that webhook."""
        return one_event(self.module, self.webhook(body, offset))


def one_event(module: Platform, raw: RawWebhook) -> OrderEvent:
    """The only event of a webhook."""
    (only,) = module.normalise(raw)
    assert isinstance(only, OrderEvent)
    return only


def names(identity: Identity) -> str | None:
    """The order that an identity names, whichever way."""
    return identity.order_key or identity.native_id


def under(*path: str | int) -> Callable[[Case, str], RawWebhook]:
    """`saying` of a platform that has its word for the event at `path` of the body."""
    return lambda case, word: case.webhook(case.body(put(*path, value=word)))


def asking(parameter: str) -> Callable[[Case, str], RawWebhook]:
    """`saying` of a platform that has its word for the event in the query string."""
    return lambda case, word: replace(case.webhook(), query={**case.query, parameter: word})


def put(*path: str | int, value: Any) -> Change:
    """Sets the value at `path`."""

    def change(document: dict[str, Any]) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


def drop(*path: str | int) -> Change:
    """Removes what is at `path`."""

    def change(document: dict[str, Any]) -> None:
        at: Any = document
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(document: dict[str, Any]) -> None:
        for one in changes:
            one(document)

    return change


__all__ = ["BIG", "EXACT", "RECEIVED_AT", "Case", "asking", "both", "drop", "names", "one_event", "put", "under"]
