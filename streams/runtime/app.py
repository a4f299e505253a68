"""The Faust app of a role: its agents declared as Faust agents, its transactions ours."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import faust
from faust.transport.consumer import TransactionManager
from faust.types import TP

from streams.runtime.agent import Agent
from streams.runtime.assignment import Assignment
from streams.runtime.batches import BatchScheduler, BatchTransport
from streams.runtime.fatal import end_process
from streams.runtime.partition import Limits
from streams.runtime.transaction import Group, ProducerSettings
from streams.runtime.worker import QuietWorker
from streams.settings.model import Settings

LAG_EVERY_S = 1.0
# How much longer than its own time-out a commit may take before the worker gives up on the client library.
COMMIT_GRACE_S = 2.0
# How much longer than a commit a revoked partition may take to finish what it has in hand.
CLOSE_GRACE_S = 10.0


class _ConsumerFlow:
    """Pauses and resumes fetching, through Faust's consumer."""

    def __init__(self) -> None:
        self.app: faust.App | None = None

    def pause(self, topic: str, partition: int) -> None:
        assert self.app is not None
        self.app.consumer.pause_partitions({TP(topic, partition)})

    def resume(self, topic: str, partition: int) -> None:
        assert self.app is not None
        self.app.consumer.resume_partitions({TP(topic, partition)})


def build(settings: Settings, role: str, instance: str | None, agents: Sequence[Agent]) -> tuple[faust.App, Assignment]:
    """The app, not started. `instance`: a stable id per worker slot; a restarted worker has its partitions at once."""
    bootstrap = settings.kafka.bootstrap
    assert bootstrap is not None
    group_id = f"{settings.streams.app_id}-{role}"
    flow = _ConsumerFlow()
    assignment = Assignment(
        agents,
        settings.streams.app_id,
        Group(bootstrap, group_id),
        ProducerSettings(
            bootstrap,
            settings.streams.transaction_timeout_s,
            settings.streams.commit_timeout_s,
            settings.kafka.record_bytes_max,
        ),
        Limits(
            bootstrap,
            settings.streams.inbox_records_max,
            settings.kafka.record_bytes_max,
            settings.streams.commit_timeout_s + COMMIT_GRACE_S,
            settings.streams.commit_timeout_s + COMMIT_GRACE_S + CLOSE_GRACE_S,
        ),
        flow,
    )
    app = faust.App(group_id, **_faust_settings(settings, bootstrap, instance))
    app.producer_only = not agents  # Faust's consumer fails where there is nothing to subscribe to
    app.transport = _transport(app, assignment)
    flow.app = app
    for agent in agents:
        topic = app.topic(agent.topic, key_serializer="raw", value_serializer="raw", acks=False)
        app.agent(topic, name=agent.name)(_faust_agent(assignment))
    app.task()(_lag_observer(app, assignment))
    app.on_before_shutdown.connect(_closer(assignment), weak=False)
    return app, assignment


def _faust_settings(settings: Settings, bootstrap: str, instance: str | None) -> Mapping[str, Any]:
    streams = settings.streams
    return {
        "broker": ";".join(f"kafka://{server.strip()}" for server in bootstrap.split(",")),
        "store": "memory://",
        "datadir": streams.data_dir,
        "processing_guarantee": "exactly_once",  # also makes the consumer read_committed
        "ConsumerScheduler": BatchScheduler,
        "Worker": QuietWorker,
        "broker_max_poll_records": streams.fetch_records_max,
        "broker_session_timeout": streams.session_timeout_s,
        "broker_heartbeat_interval": streams.heartbeat_s,
        "broker_request_timeout": max(40.0, streams.session_timeout_s + 10),
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": max(4 * 1024 * 1024, settings.kafka.record_bytes_max),
        "consumer_group_instance_id": instance,
        "stream_buffer_maxsize": 64,
        "stream_recovery_delay": 0,
        "stream_wait_empty": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "table_standby_replicas": 0,
        "web_enabled": False,
        "worker_redirect_stdouts": False,
    }


def _faust_agent(assignment: Assignment) -> Callable[[Any], Awaitable[None]]:
    async def agent(stream: Any) -> None:
        # Faust would acknowledge the record of a raising agent and quietly start it again.
        try:
            async for event in stream.events():
                message = event.message
                assignment.deliver(message.topic, message.partition, event.value)
        except Exception as error:
            end_process("agent failed", error)

    return agent


def _transport(app: faust.App, assignment: Assignment) -> BatchTransport:
    class Transactions(TransactionManager):
        async def on_rebalance(self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP]) -> None:
            await assignment.assign((tp.topic, tp.partition) for tp in assigned)

        async def on_partitions_revoked(self, revoked: set[TP]) -> None:
            await assignment.revoke()

        async def commit(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:
            return True  # offsets travel in the batch's own transaction

        async def flush(self) -> None:
            return

    class AppTransport(BatchTransport):
        TransactionManager = Transactions

    return AppTransport(app.conf.broker_consumer, app)


def _lag_observer(app: faust.App, assignment: Assignment) -> Callable[[], Awaitable[None]]:
    async def observe_lag() -> None:
        while not app.should_stop:
            await asyncio.sleep(LAG_EVERY_S)
            ends = {tp: app.consumer.highwater(TP(*tp)) for tp in assignment.partitions}
            assignment.observe_lag({tp: end for tp, end in ends.items() if end is not None})

    return observe_lag


def _closer(assignment: Assignment) -> Callable[..., Awaitable[None]]:
    async def close(*_: object, **__: object) -> None:
        await assignment.revoke()

    return close
