"""`orderlog alerts`: a message to the alerts' webhook, to see that it arrives."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from confluent_kafka import KafkaException

from connectors.pollers.cli import publish
from connectors.pollers.position import PollRequest
from connectors.who import who_asks
from streams import topics
from streams.admin.address import bootstrap_of
from streams.settings import Settings, SettingsError

KEY = "alerts"


def command(
    settings: Settings,
    who: Annotated[str | None, typer.Option(help="By default the user who runs this.")] = None,
) -> None:
    """Ask the connectors for a message to the webhook of [alerts]: by them, since that is how alerts go."""
    if settings.alerts is None:
        raise SettingsError(["there are no alerts: add [alerts] with a url"])
    bootstrap = bootstrap_of(settings)
    request = PollRequest(who=who_asks(who), at=datetime.now(UTC))
    try:
        publish(bootstrap, KEY, request, topics.ALERT_REQUESTS)
    except (KafkaException, TimeoutError) as error:
        raise SettingsError([f"the broker does not do it: {error}"]) from None
    typer.echo(request.to_json())
