"""The whole run's webhooks in the order of sending: life cycles that overlap, repeated, reordered, late. Pure.

Same events, seed and time: same bytes. Positions are counted in webhooks, so a gap of 200 is a second at 200/s.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from streams.demo.batches import Batches
from streams.demo.payloads import EXAMPLES, example
from streams.demo.platforms import LIVES, PLATFORMS, commerceos, external_system
from streams.demo.webhook import (
    APICBASE,
    COMMERCEOS,
    DUDA,
    EXTERNAL_SYSTEM,
    QUICKBUTIK,
    SELLDONE,
    SOURCES,
    STORE,
    WEBSHOP,
    Kind,
    Life,
    Put,
    Request,
    Step,
    Webhook,
)

EVENTS_MIN = len(EXAMPLES)
STEP_GAP = 40.0
LATE_GAP = 300.0
REORDERED, LATE, REPEATED = 0.12, 0.03, 0.06
HOSTILE_EVERY = 30
# Orders are dated from here on, evenly: the first of a run two hours back, the last one hour.
BEGIN, SPAN = timedelta(hours=2), timedelta(hours=1)

# How many of the orders are a source's, and how many of all orders the warehouse and the back office speak of.
SHARES: Mapping[str, int] = {DUDA: 4, SELLDONE: 4, QUICKBUTIK: 3, APICBASE: 3, WEBSHOP: 3, STORE: 4, COMMERCEOS: 2}
SPOKEN_OF: Mapping[str, float] = {EXTERNAL_SYSTEM: 0.15, COMMERCEOS: 0.4}
# Of these the customer sees what is wrong: rubbish is refused instead of set aside.
TOLD_AT_ONCE = frozenset({APICBASE})


@dataclass(frozen=True, slots=True)
class Placed:
    """A webhook and where it is sent. `put`: what its platform's API holds from `put_at` on."""

    at: float
    source: str
    kind: Kind
    request: Request
    put: Put | None = None
    put_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`puts`: the number of a webhook → what the stand-in APIs are given just before it is sent."""

    webhooks: Sequence[Webhook]
    puts: Mapping[int, Sequence[Put]]


def plan(events: int, seed: int, now: datetime, sources: Collection[str] = SOURCES) -> Plan:
    """Exactly `events` webhooks: the documents' examples first, then generated ones. `now` dates the orders.

    Raises `ValueError` where there is no room for the examples.
    """
    if events < EVENTS_MIN:
        raise ValueError(f"the examples alone are {EVENTS_MIN} webhooks: --events must be at least that")
    writer = _Writer(events, seed, now, [source for source in SOURCES if source in sources])
    placed = [Placed(-1.0, source, Kind.EXAMPLE, Request(example(source, name))) for source, name in EXAMPLES]
    placed += [writer.hostile(number) for number in range(events // HOSTILE_EVERY)]
    puts: list[tuple[float, Put]] = []
    number = events
    while len(placed) < events:
        start = writer.rng.uniform(0, events)
        life, source = writer.order(number, start)
        if life.listed:
            puts.append((start, life.listed))
        placed += _fitting([*writer.webhooks(life, source, number, start)], events - len(placed))
        number += 1
    puts += [(webhook.put_at, webhook.put) for webhook in placed if webhook.put]
    placed.sort(key=lambda webhook: webhook.at)  # stable: the examples stay in their order
    return Plan(
        [Webhook(at, one.source, one.kind, one.request) for at, one in enumerate(placed)],
        _numbered(puts, [one.at for one in placed]),
    )


def _fitting(webhooks: Sequence[Placed], room: int) -> Sequence[Placed]:
    """What of the last order fits: what was sent first, repeats last, so that no order loses its beginning."""
    return sorted(webhooks, key=lambda webhook: webhook.kind is Kind.REPEAT)[:room]


def _numbered(puts: list[tuple[float, Put]], positions: Sequence[float]) -> Mapping[int, Sequence[Put]]:
    """Each before the first webhook at its position or later, in the order of positions; of one, as they are given."""
    numbered: dict[int, list[Put]] = {}
    for position, put in sorted(puts, key=lambda entry: entry[0]):
        numbered.setdefault(min(bisect_left(positions, position), len(positions) - 1), []).append(put)
    return numbered


class _Writer:
    """Draws one run's orders. `sources`: those that take part."""

    def __init__(self, events: int, seed: int, now: datetime, sources: Sequence[str]) -> None:
        self.rng = Random(seed)  # noqa: S311 - reproducible traffic, nothing secret
        self._events, self._begin, self._sources = events, now - BEGIN, sources
        self._batches = Batches(self.rng)

    def order(self, number: int, start: float) -> tuple[Life, str]:
        """One order of any source, and the source."""
        shops = [source for source in self._sources if source in LIVES]
        (source,) = self.rng.choices(shops, [SHARES[source] for source in shops])
        return LIVES[source].life(self.rng, number, self._dated(start)), source

    def webhooks(self, life: Life, source: str, number: int, start: float) -> Iterator[Placed]:
        """The order's own webhooks with their repeats, then what others say of it."""
        positions = self._positions(len(life.steps), start)
        for at, (position, step) in enumerate(zip(positions, life.steps, strict=True)):
            # Its API knows of a change before any webhook tells of it, and never goes back to an earlier one.
            yield from self._sent(position, source, step, min(positions[at:]))
        for speaker, share in SPOKEN_OF.items():
            # What CommerceOS says of an order that it really has is not to be made up.
            is_made_up = not (speaker == COMMERCEOS and source == STORE)
            if is_made_up and speaker in self._sources and (self.rng.random() < share or source == speaker):
                yield from self._news(speaker, life.order_key, number, start)

    def hostile(self, number: int) -> Placed:
        """Kinds and sources take turns, so that a short run has them all."""
        kind = (Kind.RUBBISH, Kind.UNSIGNED, Kind.FORGED)[number % 3]
        start, turn = self.rng.uniform(0, self._events), number // 3
        source = self._sources[(turn + number % 3 * 3) % len(self._sources)]
        platform = PLATFORMS[source]
        if kind is Kind.RUBBISH:
            request = platform.RUBBISH[turn // len(self._sources) % len(platform.RUBBISH)]
            return Placed(start, source, Kind.INVALID if source in TOLD_AT_ONCE else kind, request)
        # Orders of their own: no trace of their bytes may be found in Kafka.
        return Placed(start, source, kind, platform.sample(self.rng, number, self._dated(start)))

    def _dated(self, position: float) -> datetime:
        return self._begin + SPAN * (position / self._events)

    def _news(self, speaker: str, order_key: str, number: int, start: float) -> Iterator[Placed]:
        at, position = self._dated(start), start + self.rng.expovariate(1 / STEP_GAP)
        if speaker == EXTERNAL_SYSTEM:
            for request in external_system.news(self.rng, order_key, number):
                yield from self._sent(position, speaker, Step(request), 0)
                position += self.rng.expovariate(1 / STEP_GAP)
            return
        for item in commerceos.snapshots(self.rng, order_key, number, at):
            for sent_at, request in self._batches.add(position, item):
                yield from self._sent(sent_at, speaker, Step(request), 0)
            position += self.rng.expovariate(1 / STEP_GAP)

    def _sent(self, position: float, source: str, step: Step, put_at: float) -> Iterator[Placed]:
        yield Placed(position, source, Kind.ORDER, step.request, step.put, put_at)
        while self.rng.random() < REPEATED:
            # At once (two requests in flight side by side), or as late as a platform that waits before it tries again.
            later = position + self.rng.choice((0.0, self.rng.uniform(1, LATE_GAP)))
            yield Placed(later, source, Kind.REPEAT, step.request)

    def _positions(self, count: int, start: float) -> list[float]:
        """Where the events of one order are sent: mostly one after the other, some swapped, some long after."""
        rng, positions = self.rng, [start]
        while len(positions) < count:
            positions.append(positions[-1] + rng.expovariate(1 / STEP_GAP))
        for at in range(count - 1):
            if rng.random() < REORDERED:
                positions[at], positions[at + 1] = positions[at + 1], positions[at]
        return [position + (LATE_GAP if rng.random() < LATE else 0) for position in positions[:count]]
