"""Any sender whose JSON a few JMESPath expressions in `[sources.options]` can read: `docs/platforms/mapping.md`.

With `items` a body is a batch: `order_id` and the facts are read from each item; `event`, `shop` and `occurred_at`
from the item, or from the whole body where the item has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from streams.platforms.batch import MIXED, events_of
from streams.platforms.canonical import canonical
from streams.platforms.config import SourceConfig
from streams.platforms.facts import Statement, event_of
from streams.platforms.fields import identifier, native_id, word
from streams.platforms.json import UNKNOWN, decode, decode_value
from streams.platforms.mapping.expressions import GLANCE_MAX, Expression, Work, evaluate
from streams.platforms.mapping.options import Plan, plan_of
from streams.platforms.mapping.read import facts_of, time_of, words_of
from streams.platforms.webhook import BadItem, Identity, RawWebhook, Undecodable, accept_all
from streams.vocabulary import EventType, OrderEvent

NAME = "mapping"
ITEMS_MAX = 1000
_UNKNOWN = (EventType.OBSERVED, 0)


class Head(NamedTuple):
    """Whose order an item is of, and what happened; None where it does not say."""

    event: str | None
    shop: str | None
    native_id: str | None
    order_key: str | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """The platform for one source."""

    config: SourceConfig
    plan: Plan
    EVENTS: Mapping[str, tuple[EventType, int]]

    NAME: ClassVar[str] = NAME
    METHODS: ClassVar[Sequence[str]] = ("POST",)

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        """The one order that the body, or all its items, speak of; none where there is too much to look at."""
        work = Work(GLANCE_MAX)
        try:
            document, items = self._items(body, work)
        except Undecodable:
            return UNKNOWN
        heads = [head for item in items if (head := self._known_head(item, document, work)) is not None]
        orders = {(head.native_id, head.order_key) for head in heads if head.order_key and head.event}
        said = {head.event for head in heads if head.event}
        event = next(iter(said)) if len(said) == 1 else MIXED if said else None
        native_id, key = next(iter(orders)) if len(orders) == 1 and not work.is_spent else (None, None)
        return Identity(None, event, order_key=key) if self.plan.refers else Identity(native_id, event)

    validate = staticmethod(accept_all)

    def normalise(self, webhook: RawWebhook) -> Sequence[OrderEvent | BadItem]:
        """One event, or with `items` one per item, each once, and a `BadItem` for one that cannot be read.

        Raises `Undecodable`: the reasons of `streams.platforms.json`, `no-items`, `too-many-items`, `too-large`,
        `no-event-type`, `no-order-id`, `mapping-misfit`, `invalid-field`; that of the first item where none can be.
        """
        work = Work()
        document, items = self._items(webhook.body, work)
        if self.plan.items is None:
            return (event_of(NAME, webhook, self._statement(document, document, work, None)),)

        def read(index: int, item: Any) -> OrderEvent:
            said = self._statement(item, document, work, canonical(item))
            return event_of(NAME, webhook.of_item(index), said)

        return events_of(items, read)

    def _items(self, body: bytes, work: Work) -> tuple[Any, list[Any]]:
        """The whole body, and what is to be read each by itself."""
        if self.plan.items is None:
            document = decode(body)
            return document, [document]
        whole = decode_value(body)
        items = evaluate(self.plan.items, whole, work)
        if not isinstance(items, list):
            raise Undecodable("no-items", "items: is not a list in this body")
        if len(items) > ITEMS_MAX:
            raise Undecodable("too-many-items", f"there are more than {ITEMS_MAX} items in one body")
        return whole, items

    def _statement(self, item: Any, document: Any, work: Work, content: bytes | None) -> Statement:
        if not isinstance(item, dict):
            raise Undecodable("not-an-object", "the item is not an object")
        head = self._head(item, document, work)
        if head.event is None:
            raise Undecodable("no-event-type", "event: finds no word")
        if head.order_key is None or head.native_id is None:
            raise Undecodable("no-order-id", f"order_id{' or shop' if self.plan.shop else ''}: finds no id")
        type, rank = self.plan.events.get(head.event, _UNKNOWN)
        facts = facts_of(self.plan, item, work)
        if not self.plan.refers:
            facts["order_id"] = identifier(evaluate(self.plan.order_id, item, work))
            facts |= {"shop": head.shop} if head.shop is not None else {}
        return Statement(
            native_id=head.native_id,
            type=type,
            platform_event=head.event,
            rank=rank,
            occurred_at=time_of(self._either(self.plan.occurred_at, item, document, work)),
            facts=facts,
            order_key=head.order_key,
            # What the envelope says belongs to it: the same item under another event is another statement.
            content=None if content is None else canonical([head.event, content.decode()]),
        )

    def _known_head(self, item: Any, document: Any, work: Work) -> Head | None:
        try:
            return self._head(item, document, work) if isinstance(item, dict) else None
        except Undecodable:
            return None

    def _head(self, item: Any, document: Any, work: Work) -> Head:
        event = word(words_of(self._either(self.plan.event, item, document, work)))
        id = identifier(evaluate(self.plan.order_id, item, work))
        if self.plan.refers:
            key = None if id is None else self.config.referred_key(id)
            return Head(event, None, id, key)
        shop = identifier(self._either(self.plan.shop, item, document, work))
        native = native_id(shop, id) if self.plan.shop else id
        return Head(event, shop, native, None if native is None else f"{self.config.name}:{native}")

    def _either(self, expression: Expression | None, item: Any, document: Any, work: Work) -> Any:
        """From the item, else from the whole body."""
        if expression is None:
            return None
        found = evaluate(expression, item, work)
        return evaluate(expression, document, work) if found is None and item is not document else found


def configure(config: SourceConfig) -> Mapped:
    """Raises `InvalidOptions`."""
    plan = plan_of(config.options)
    return Mapped(config, plan, plan.events)
