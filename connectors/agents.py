"""The agents of the role `connectors`: one per target."""

import os
from collections.abc import Sequence

from connectors.auth import auth_of
from connectors.egress import check_files
from connectors.loop import DeliveryLoop
from connectors.outlet import Outlet
from streams import topics
from streams.runtime.agent import Agent
from streams.runtime.partition import Partition
from streams.settings import Settings
from streams.settings.model import Target


def agents(settings: Settings) -> Sequence[Agent]:
    """Raises `SettingsError` where a target's secret is not to be found, or its TLS files cannot be used."""
    return [_agent(settings, target) for target in settings.targets]


def _agent(settings: Settings, target: Target) -> Agent:
    check_files(f"targets.{target.name}", target)
    outlet = Outlet(target, auth_of(target.auth, os.environ), partitions=settings.kafka.partitions)

    async def run(partition: Partition) -> None:
        await DeliveryLoop(settings, outlet, partition).run()

    return Agent(f"deliver-{target.name}", topics.commands(target.name), topics.deliveries(target.name), run)
