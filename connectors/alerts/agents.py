"""The agent of the alerts, where `[alerts]` is set: of its partitions only the first one's owner watches."""

import os
from collections.abc import Sequence

from connectors.alerts.hook import way_of
from connectors.alerts.watcher import Task, Watcher
from connectors.pollers.waiting import FIRST, bring
from streams import topics
from streams.runtime.agent import Agent
from streams.runtime.partition import Partition
from streams.settings import Settings


def agents(settings: Settings) -> Sequence[Agent]:
    """Raises `SettingsError` where the URL is not to be had, or is none."""
    if settings.alerts is None:
        return ()
    task = Task(settings, settings.alerts, way_of(settings.alerts, os.environ))

    async def run(partition: Partition) -> None:
        if partition.number == FIRST:
            await Watcher(task, partition).run()
        else:
            await bring(partition)

    return (Agent("alerts", topics.ALERT_REQUESTS, topics.ALERTS, run),)
