"""`orderlog deadletters list | show | redrive | discard`."""

import getpass
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import orjson
import typer
from confluent_kafka import KafkaException

from connectors import operators
from connectors.vocabulary import Delivery
from streams.settings import Settings, SettingsError
from streams.vocabulary import CommandType


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    SHOW = "show"
    REDRIVE = "redrive"
    DISCARD = "discard"


DECISIONS = {Action.REDRIVE: CommandType.REDRIVE, Action.DISCARD: CommandType.DISCARD}


def command(
    settings: Settings,
    action: Annotated[Action, typer.Argument()],
    id: Annotated[str | None, typer.Argument(help="The command's id, as `list` shows it.")] = None,
    why: Annotated[str | None, typer.Option(help="Kept with the decision; redrive and discard demand it.")] = None,
    who: Annotated[str | None, typer.Option(help="By default the user who runs this.")] = None,
) -> None:
    """Commands that were given up and hold their order: list them, show one whole, send it again, or drop it.

    `redrive` has the command sent again, `discard` lets the order go on without it. Output is NDJSON.
    """
    if settings.kafka.bootstrap is None:
        raise SettingsError(["kafka.bootstrap is not set: say where the broker is"])
    try:
        for line in _done(settings, settings.kafka.bootstrap, action, id, why, who):
            typer.echo(line)
    except (KafkaException, TimeoutError) as error:
        raise _refusal(f"the broker does not do it: {error}") from None


def _done(
    settings: Settings, bootstrap: str, action: Action, id: str | None, why: str | None, who: str | None
) -> Iterator[bytes]:
    if action is Action.LIST:
        for target in settings.targets:
            yield from map(_summary, operators.held(bootstrap, target.name).values())
        return
    if id is None:
        raise _refusal(f"say which: orderlog deadletters {action} ID")
    if action is Action.SHOW:
        if (letter := operators.letter(bootstrap, id)) is None:
            raise _refusal(f"no dead letter has the id {id}")
        yield letter.to_json()
        return
    if not why:
        raise _refusal(f"say why: orderlog deadletters {action} {id} --why TEXT")
    dead = _held(settings, bootstrap, id)
    made = operators.decision(dead, DECISIONS[action], who or getpass.getuser(), why, datetime.now(UTC))
    operators.publish(bootstrap, made)
    yield orjson.dumps({"done": action, **_fields(dead)})


def _held(settings: Settings, bootstrap: str, id: str) -> Delivery:
    for target in settings.targets:
        if dead := operators.held(bootstrap, target.name).get(id):
            return dead
    raise _refusal(f"no order is held by a dead letter with the id {id}")


def _summary(dead: Delivery) -> bytes:
    return orjson.dumps(_fields(dead) | {"error": dead.last_error, "attempts": dead.attempts, "since": dead.due_at})


def _fields(dead: Delivery) -> dict[str, object]:
    command = dead.command
    return {
        "id": command.id,
        "type": command.type,
        "target": command.target,
        "order_key": command.order_key,
        "receipt": command.receipt,
    }


def _refusal(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)
