"""Topics as the configuration needs them: compared, created, mended where that is safe."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.admin.broker import Broker
from streams.admin.errors import Refused, Unreachable
from streams.admin.plan import Drift, Kind, Remedy, compare, wanted_config, wanted_topics
from streams.settings.model import Settings

SETTLED_TIMEOUT_S = 30.0
ASK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and the differences that are left since nobody but a person may mend them."""

    mended: Sequence[Drift]
    left: Sequence[Drift]


def drifts(settings: Settings) -> list[Drift]:
    """Every difference between the topics that the settings need and those there are. Changes nothing.

    Raises `Unreachable`, `Refused`.
    """
    return _drifts(_broker(settings), settings)


def create(settings: Settings) -> Done:
    """Creates what is missing, mends what is safe to mend; doing it again does nothing.

    Returns when the broker shows the result, and every partition has a leader. Raises `Unreachable`, `Refused`.
    """
    broker = _broker(settings)
    mended = [drift for drift in _drifts(broker, settings) if drift.remedy is Remedy.MEND]
    kafka = settings.kafka
    missing = {drift.topic for drift in mended if drift.kind is Kind.MISSING}
    configs = {
        topic.name: wanted_config(topic, settings, kafka.replication)
        for topic in wanted_topics(settings)
        if topic.name in missing
    }
    if configs:
        broker.create(configs, kafka.partitions, kafka.replication)
    if changes := _changes(mended):
        broker.configure(changes)
    return Done(mended, _settled(broker, settings))


def verify(settings: Settings) -> list[str]:
    """Why a role should not start, one line each: topics missing, partition counts that differ, vital configurations.

    For roles to call at their start. Raises `Unreachable`, `Refused`.
    """
    return [_problem(drift) for drift in drifts(settings) if _is_vital(drift)]


def _is_vital(drift: Drift) -> bool:
    """Of configurations, those that lose records, or end in transactions which always fail."""
    if drift.what == "max.message.bytes":
        return drift.found.isdigit() and int(drift.found) < int(drift.wanted)
    return drift.what == "cleanup.policy" or drift.kind in (Kind.MISSING, Kind.PARTITIONS)


def _problem(drift: Drift) -> str:
    return f"{drift}; run `orderlog topics`" if drift.remedy is Remedy.MEND else str(drift)


def _broker(settings: Settings) -> Broker:
    if settings.kafka.bootstrap is None:
        raise Unreachable("kafka.bootstrap is not set: say where the broker is")
    return Broker(settings.kafka.bootstrap)


def _drifts(broker: Broker, settings: Settings) -> list[Drift]:
    wanted = wanted_topics(settings)
    found = broker.find([topic.name for topic in wanted])
    return [drift for topic in wanted for drift in compare(topic, found.get(topic.name), settings)]


def _changes(mended: Sequence[Drift]) -> Mapping[str, Mapping[str, str]]:
    changes: dict[str, dict[str, str]] = defaultdict(dict)
    for drift in mended:
        if drift.kind is Kind.CONFIG:
            changes[drift.topic][drift.what] = drift.wanted
    return changes


def _settled(broker: Broker, settings: Settings) -> Sequence[Drift]:
    """What is left once the broker shows what was done: it answers from a copy that lags behind."""
    wanted, deadline = wanted_topics(settings), time.monotonic() + SETTLED_TIMEOUT_S
    while True:
        found = broker.find([topic.name for topic in wanted])
        left = [drift for topic in wanted for drift in compare(topic, found.get(topic.name), settings)]
        waiting = [
            f"{name}: {topic.leaderless} partitions have no leader" for name, topic in found.items() if topic.leaderless
        ]
        waiting += [str(drift) for drift in left if drift.remedy is Remedy.MEND]
        if not waiting:
            return left
        if time.monotonic() > deadline:
            lines = "\n".join(waiting)
            raise Refused(f"not as it should be {SETTLED_TIMEOUT_S:.0f} s after the broker agreed to it:\n{lines}")
        time.sleep(ASK_EVERY_S)
