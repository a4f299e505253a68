"""Command → effect at the target → outcome: each exactly once."""

from collections import Counter
from collections.abc import Iterator

from streams.demo.check.finding import Finding, doubled, exactly_once, lost
from streams.demo.evidence import Effect, Evidence
from streams.demo.webhook import EXTERNAL
from streams.vocabulary import CommandType, OutcomeResult

# A fetch asks and does nothing: what becomes of it is a raw record, which `check_fetched` looks for.
EFFECTS = (CommandType.CREATE_ORDER, CommandType.UPDATE_ORDER)


def check_commands(evidence: Evidence) -> Iterator[Finding]:
    """Each command was written once and has one outcome; a command that was given up has its dead letter, once."""
    ids = [command.id for command in evidence.commands]
    for id, times in Counter(ids).items():
        if times > 1:
            yield doubled(id, f"a command that was written {times} times")
    yield from exactly_once(ids, [outcome.command_id for _, outcome in evidence.outcomes], "the outcome of a command")
    dead = [outcome.command_id for _, outcome in evidence.outcomes if outcome.result is OutcomeResult.DEAD]
    yield from exactly_once(
        dead, [letter.command.id for letter in evidence.deadletters], "the dead letter of a command"
    )


def check_effects(evidence: Evidence) -> Iterator[Finding]:
    """Each delivered command had one effect. A dead one may have had its effect (the answer got lost), at most once.

    The same body twice running, or a second creation, is a doubling even where the idempotency keys differ.
    """
    dead = {outcome.command_id for _, outcome in evidence.outcomes if outcome.result is OutcomeResult.DEAD}
    keys = [effect.idempotency_key for effect in evidence.effects]
    wanted = [command.id for command in evidence.commands if command.type in EFFECTS and command.target == EXTERNAL]
    needed = [id for id in wanted if id not in dead or id in keys]
    yield from exactly_once(needed, keys, "the effect of a command")
    yield from _check_orders(evidence)


def _check_orders(evidence: Evidence) -> Iterator[Finding]:
    commands = {command.id: command for command in evidence.commands}
    last: dict[str, Effect] = {}
    owners: dict[str, str] = {}
    for effect in evidence.effects:
        command = commands.get(effect.idempotency_key)
        if command is None:
            continue  # an effect without a command is already a finding
        key, before = command.order_key, last.get(command.order_key)
        if before is not None and command.type is CommandType.CREATE_ORDER:
            yield doubled(key, f"created a second time, by effect {effect.seq}")
        if before is not None and before.external_order_id != effect.external_order_id:
            yield doubled(key, f"has two records at the target, the second by effect {effect.seq}")
        if before is not None and before.body == effect.body:
            yield doubled(key, f"the same body twice running, by effects {before.seq} and {effect.seq}")
        if owners.setdefault(effect.external_order_id, key) != key:
            yield lost(key, f"shares its record at the target with {owners[effect.external_order_id]}")
        last[key] = effect
