"""`orderlog poll SOURCE`: have a source polled now, or everything again from a time."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from confluent_kafka import KafkaError, KafkaException, Producer

from connectors.pollers.position import PollRequest
from connectors.pollers.waiting import FIRST
from connectors.who import who_asks
from streams import cloudevents, topics
from streams.admin.address import bootstrap_of
from streams.runtime.transaction import LOG_LEVEL
from streams.settings import Settings, SettingsError

TIMEOUT_S = 10.0


def command(
    settings: Settings,
    source: Annotated[
        str, typer.Argument(help="A source that is polled, or the poll.source of a target that is watched.")
    ],
    since: Annotated[datetime | None, typer.Option(help="Everything from this time on, again; UTC.")] = None,
    who: Annotated[str | None, typer.Option(help="By default the user who runs this.")] = None,
) -> None:
    """Ask a source's API for its orders now. With --since also for those that were polled before.

    Of a target of kind commerceos: poll its statuses now, and compare both sides where that is scheduled.
    """
    bootstrap = bootstrap_of(settings)
    asked = _topics(settings)
    if source not in asked:
        known = ", ".join(asked) or "there is none: add [sources.poll]"
        raise SettingsError([f"no polled source has the name {source} (polled: {known})"])
    if since is not None and source not in settings.polled:
        raise typer.BadParameter("statuses are polled as they are now", param_hint="--since")
    aware = since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
    given = {"since": aware} if aware is not None else {}
    request = PollRequest(**given, who=who_asks(who), at=datetime.now(UTC))
    try:
        publish(bootstrap, source, request, asked[source])
    except (KafkaException, TimeoutError) as error:
        raise SettingsError([f"the broker does not do it: {error}"]) from None
    typer.echo(request.to_json())


def _topics(settings: Settings) -> dict[str, str]:
    """Source → where what is asked of its poller goes; CommerceOS' statuses are polled by the watch of their target."""
    found: dict[str, str] = {}
    for target in settings.watched:
        if target.commerceos is not None and target.commerceos.poll is not None:
            found[target.commerceos.poll.source] = topics.watches(target.name)
    return found | {source: topics.polls(source) for source in settings.polled}


def publish(bootstrap: str, source: str, request: PollRequest, topic: str | None = None) -> None:
    """`topic`: by default that of the source's own poller. Returns when all in-sync replicas have it.

    Raises `KafkaException`, `TimeoutError`.
    """
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "log_level": LOG_LEVEL,  # its errors reach us as exceptions
            "enable.idempotence": True,
            "message.timeout.ms": int(TIMEOUT_S * 1000),
        }
    )
    failed: list[KafkaError] = []
    id = f"{source}-{int(request.at.timestamp() * 1_000_000)}"
    producer.produce(
        topic or topics.polls(source),
        request.to_json(),
        source.encode(),
        partition=FIRST,
        headers=dict(cloudevents.headers(id=id, source="/operators", type="poll.requested", time=request.at)),
        on_delivery=lambda error, _: failed.append(error) if error else None,
    )
    left = producer.flush(TIMEOUT_S + 5)
    if failed:
        raise KafkaException(failed[0])
    if left:
        raise TimeoutError("it is not known whether the request was written")
