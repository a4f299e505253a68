"""The agents of the pollers: one per polled source. Of its partitions only the first one's owner polls."""

import os
from collections.abc import Sequence

from connectors.egress import check_files
from connectors.now import utc_now
from connectors.pollers.credentials import credentials_of
from connectors.pollers.poller import Poller, Task
from connectors.pollers.waiting import FIRST, bring
from streams import sources, topics
from streams.runtime.agent import Agent
from streams.runtime.partition import Partition
from streams.settings import Settings


def agents(settings: Settings) -> Sequence[Agent]:
    """Raises `SettingsError` where a poller's secret is not to be found, or its TLS files cannot be used."""
    platforms = sources.platforms(settings)
    record_bytes_max = settings.kafka.record_bytes_max
    return [
        _agent(Task(source.name, source.poll, platforms[source.name], record_bytes_max))
        for source in settings.sources
        if source.poll is not None
    ]


def _agent(task: Task) -> Agent:
    check_files(f"sources.{task.source}.poll", task.poll)
    credentials_of(task.poll, os.environ, None, utc_now)

    async def run(partition: Partition) -> None:
        if partition.number == FIRST:
            await Poller(task, partition, os.environ).run()
        else:
            await bring(partition)

    return Agent(f"poll-{task.source}", topics.polls(task.source), topics.positions(task.source), run)
