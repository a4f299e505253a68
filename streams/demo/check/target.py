"""The records at the target against what the webhooks say: every order there, with the platform's last word."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from streams.demo.check.arrival import told
from streams.demo.check.finding import Finding, doubled, lost
from streams.demo.evidence import Evidence
from streams.demo.model import Expected, expected
from streams.demo.told import Body
from streams.demo.webhook import EXTERNAL


def check_records(evidence: Evidence) -> Iterator[Finding]:
    """Orders with a dead letter are left out: they are not lost, a person has them in hand."""
    wanted = expected(told(evidence))
    records = _records(evidence)
    dead = {letter.command.order_key for letter in evidence.deadletters if letter.command.target == EXTERNAL}
    for key, expectation in wanted.items():
        if key not in dead:
            yield from _check_record(key, expectation, records.get(key))
    for key in records.keys() - wanted.keys():
        yield doubled(key, "at the target, though no webhook speaks of it")


def _check_record(key: str, expectation: Expected, record: Mapping[str, Any] | None) -> Iterator[Finding]:
    if record is None:
        if expectation.must:
            yield lost(key, "placed, and not at the target")
    elif not expectation.may:
        yield doubled(key, "at the target, though it was never placed, or cancelled before")
    elif (body := read_body(record)) != expectation.body:
        yield lost(key, f"its record says {body}, expected {expectation.body}")


def _records(evidence: Evidence) -> Mapping[str, Mapping[str, Any]]:
    """Order key → what the target has of it: the last effect counts, as the API replaces."""
    keys = {command.id: command.order_key for command in evidence.commands}
    return {keys[effect.idempotency_key]: effect.body for effect in evidence.effects if effect.idempotency_key in keys}


def read_body(record: Mapping[str, Any]) -> Body | None:
    """What the target was told, from the request's JSON (numbers as decimals); None where it cannot be read."""
    try:
        items = [(Decimal(item["quantity"]), Decimal(item["price"])) for item in record["items"]]
        return Body(Decimal(record["total_amount"]), record["currency"], tuple(sorted(items)), record["customer_email"])
    except (KeyError, TypeError, ValueError, InvalidOperation):
        return None
