"""The states of orders against what was said of them: how far they have come, their money, their parcels."""

from collections.abc import Iterator

from streams.demo.check.arrival import told
from streams.demo.check.finding import Finding, doubled, lost
from streams.demo.evidence import Evidence
from streams.demo.model import Expected, expected
from streams.demo.told import MONEY, WALK
from streams.vocabulary import Order


def check_states(evidence: Evidence) -> Iterator[Finding]:
    """Short of what was said is a loss, beyond it a thing that nobody said. `check_versions` misses a state."""
    for key, wanted in expected(told(evidence)).items():
        if key in evidence.states:
            yield from _check_state(key, wanted, evidence.states[key])


def _check_state(key: str, wanted: Expected, state: Order) -> Iterator[Finding]:
    for what, ranks, found, said in (
        ("status", WALK, state.status.value, wanted.status),
        ("payment status", MONEY, state.payment_status.value, wanted.money),
    ):
        if found != said:
            is_short = found in ranks and ranks.index(found) < ranks.index(said)
            yield (lost if is_short else doubled)(key, f"its {what} is {found}, and it was said to be {said}")
    parcels = {(one.tracking_number, one.tracking_url) for one in state.shipments}
    tracking = {number for parcel in parcels for number in parcel if number}
    if missing := wanted.tracking - tracking:
        yield lost(key, f"it has no parcel {', '.join(sorted(missing))}")
    if extra := tracking - wanted.tracking:
        yield doubled(key, f"it has parcels that nobody told of: {', '.join(sorted(extra))}")
