"""The agents that watch targets of kind commerceos, one each. Of its partitions only the first one's owner does."""

import os
from collections.abc import Sequence

from connectors.pollers.waiting import FIRST, bring
from connectors.status import poll
from connectors.status.watch import Task, Watch
from streams import sources, topics
from streams.runtime.agent import Agent
from streams.runtime.partition import Partition
from streams.settings import Settings
from streams.settings.model import Target


def agents(settings: Settings) -> Sequence[Agent]:
    """Their secrets and TLS files are those of the delivery agents, which have seen to them."""
    return [_agent(Task(settings, target, poll_of(settings, target))) for target in settings.watched]


def poll_of(settings: Settings, target: Target) -> poll.Task | None:
    """What is polled; None where nothing is."""
    mapping, names = target.commerceos, target.identifiers
    if mapping is None or names is None or names.channel is None or mapping.poll is None:
        return None
    return poll.Task(
        mapping.poll,
        settings.sources_of(target.name),
        names.order,
        names.channel,
        sources.platforms(settings)[mapping.poll.source],
        settings.kafka.record_bytes_max,
    )


def _agent(task: Task) -> Agent:
    name = task.target.name

    async def run(partition: Partition) -> None:
        if partition.number == FIRST:
            await Watch(task, partition, os.environ).run()
        else:
            await bring(partition)

    return Agent(f"watch-{name}", topics.watches(name), topics.watched(name), run)
