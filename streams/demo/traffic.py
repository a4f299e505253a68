"""The whole run's webhooks in the order of sending: life cycles that overlap, repeated, reordered, late. Pure.

Same events, seed and time: same bytes. Positions are counted in webhooks, so a gap of 200 is a second at 200/s.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random

from streams.demo import duda, selldone
from streams.demo.payloads import EXAMPLES, example
from streams.demo.webhook import DUDA, SELLDONE, Kind, Webhook

EVENTS_MIN = len(EXAMPLES)
STEP_GAP = 40.0
LATE_GAP = 300.0
REORDERED, LATE, REPEATED = 0.12, 0.03, 0.06
HOSTILE_EVERY = 50

RUBBISH: tuple[bytes, ...] = (
    b"this is not JSON",
    b"",
    b"[]",
    b"\xff\xfe\x00\x00",
    b'{"event_type":"ECOMM_ORDER_CREATED","data":{"invoice_number":',
    b'{"event":"OnlineOrder","action":"CheckoutOrder","shop":{"id":7},"basket":"Order object"}',
)

Placed = tuple[float, str, Kind, bytes]  # position, source, kind, body


def plan(events: int, seed: int, now: datetime) -> list[Webhook]:
    """Exactly `events` webhooks: the documents' examples first, then generated ones. `now` dates the orders.

    Raises `ValueError` where there is no room for the examples.
    """
    if events < EVENTS_MIN:
        raise ValueError(f"the examples alone are {EVENTS_MIN} webhooks: --events must be at least that")
    rng = Random(seed)  # noqa: S311 - reproducible traffic, nothing secret
    placed: list[Placed] = [(-1.0, source, Kind.EXAMPLE, example(source, name)) for source, name in EXAMPLES]
    placed += [_hostile(rng, number, rng.uniform(0, events), now) for number in range(events // HOSTILE_EVERY)]
    number = events
    while len(placed) < events:
        placed += _fitting(list(_order(rng, number, rng.uniform(0, events), now)), events - len(placed))
        number += 1
    placed.sort(key=lambda webhook: webhook[0])  # stable: the examples stay in their order
    return [Webhook(at, source, kind, body) for at, (_, source, kind, body) in enumerate(placed)]


def _fitting(webhooks: Sequence[Placed], room: int) -> Sequence[Placed]:
    """What of the last order fits: what was sent first, repeats last, so that no order loses its beginning."""
    return sorted(webhooks, key=lambda webhook: webhook[2] is Kind.REPEAT)[:room]


def _order(rng: Random, number: int, start: float, now: datetime) -> Iterator[Placed]:
    source = rng.choice((DUDA, SELLDONE))
    bodies = (duda if source == DUDA else selldone).life(rng, number, now)
    positions = _positions(rng, len(bodies), start)
    for position, body in zip(positions, bodies, strict=True):
        yield position, source, Kind.ORDER, body
        while rng.random() < REPEATED:
            # At once (two requests in flight side by side), or as late as a platform that waits before it tries again.
            yield position + rng.choice((0.0, rng.uniform(1, LATE_GAP))), source, Kind.REPEAT, body


def _positions(rng: Random, count: int, start: float) -> list[float]:
    """Where the events of one order are sent: mostly one after the other, some swapped, some long after."""
    positions = [start]
    while len(positions) < count:
        positions.append(positions[-1] + rng.expovariate(1 / STEP_GAP))
    for at in range(count - 1):
        if rng.random() < REORDERED:
            positions[at], positions[at + 1] = positions[at + 1], positions[at]
    return [position + (LATE_GAP if rng.random() < LATE else 0) for position in positions]


def _hostile(rng: Random, number: int, start: float, now: datetime) -> Placed:
    """The kinds take turns, so that a short run has them all."""
    source = rng.choice((DUDA, SELLDONE))
    turn, kind = number // 3, (Kind.RUBBISH, Kind.UNSIGNED, Kind.FORGED)[number % 3]
    if kind is Kind.RUBBISH:
        return start, source, kind, RUBBISH[turn % len(RUBBISH)]
    # Orders of their own: no trace of their bytes may be found in Kafka.
    return start, source, kind, (duda if source == DUDA else selldone).life(rng, number, now)[0]
