"""Commands and deliveries for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.vocabulary import Delivery
from streams.record import Record
from streams.settings.auth import NoAuth
from streams.settings.model import Breaker, Target
from streams.vocabulary import Command, CommandType

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = "external"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def now() -> datetime:
    return datetime.now(UTC)


def order(order_id: str = "1001", total: str = "19.99") -> dict[str, Any]:
    return {
        "external_order_id": order_id,
        "customer_email": "ada@example.com",
        "total_amount": total,
        "currency": "SEK",
        "items": [{"sku": "P-1", "quantity": "1", "price": total}],
        "shipping_address": {"postal_code": "04107"},
        "billing_address": None,
        "created_at": "2026-03-01T12:00:00Z",
    }


def command(id: str = "c-1", key: str = "duda:shop/1", **given: Any) -> Command:
    return Command(
        id=id,
        type=given.pop("type", CommandType.CREATE_ORDER),
        target=given.pop("target", TARGET),
        order_key=key,
        data=given.pop("data", None) or {"order": order(key)},
        caused_by="e-1",
        receipt=given.pop("receipt", None),
        created_at=given.pop("created_at", START),
    )


def control(type: CommandType, command_id: str, key: str = "duda:shop/1", id: str = "op-1") -> Command:
    data = {"command_id": command_id, "who": "ada", "why": "address mended"}
    return command(id, key, type=type, data=data)


def delivery(id: str = "c-1", key: str = "duda:shop/1", sequence: int = 0, due_s: float = 0, **given: Any) -> Delivery:
    type = given.pop("type", CommandType.CREATE_ORDER)
    made = command(id, key, type=type, data=given.pop("data", None))
    return Delivery(command=made, sequence=sequence, due_at=at(due_s), **given)


def fetch(id: str = "f-1", order_id: str = "7", word: str = "order.new", **given: Any) -> Command:
    """A command for Quickbutik's API."""
    data = {"order_id": order_id, "event_type": word}
    key = given.pop("key", f"quickbutik:{order_id}")
    target = given.pop("target", "quickbutik-api")
    return command(id, key, type=CommandType.FETCH_ORDER, target=target, data=data, **given)


def record(value: Command | bytes | None, offset: int = 0, key: bytes | None = None, topic: str = "in") -> Record:
    key = value.order_key.encode() if isinstance(value, Command) and key is None else key
    return Record(topic, 3, offset, 0, key, value.to_json() if isinstance(value, Command) else value)


def target(**given: Any) -> Target:
    fields: dict[str, Any] = {
        "name": TARGET,
        "kind": "external",
        "base_url": "http://127.0.0.1:9",
        "auth": NoAuth(scheme="none"),
        "breaker": Breaker(),
    }
    return Target(**(fields | given))
