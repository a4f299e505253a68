"""The fold agent as a pure step over a state table."""

import pytest

from projections.agents import agents, fold_step
from streams import topics
from streams.record import Output, Record
from streams.runtime.agent import Quarantine, Step
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Command, Order, OrderEvent
from streams.vocabulary.command import ENVELOPE_BYTES
from tests.projections.events import delivery_event, selldone_event

SETTINGS = Settings.model_validate(
    {
        "sources": [
            {"name": name, "platform": "selldone", "auth": {"scheme": "token", "secrets": ["env:T"]}}
            for name in ("selldone", "unrouted")
        ],
        "targets": [
            {"name": name, "kind": "external", "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
            for name in ("one", "two")
        ],
        "routes": [{"from": ["selldone"], "to": ["two", "one"]}],
    }
)
KEY = b"selldone:1/1001"
PLACED = selldone_event("CheckoutOrder", {"price": "10"})


def record(event: OrderEvent, key: bytes | None = None) -> Record:
    return Record(topics.EVENTS, 0, 0, 0, key or event.order_key.encode(), event.to_json())


def run(step: Step, orders: Overlay, *events: OrderEvent) -> list[Output]:
    return [output for event in events for output in step(record(event), orders)]


def test_event_is_folded_into_the_table_and_commands_go_to_the_routed_targets() -> None:
    """The whole hop: event in, state and commands out, in the order of the routes."""
    orders = Overlay(MemoryStore())
    outputs = run(fold_step(SETTINGS), orders, PLACED)
    assert [(output.topic, output.key) for output in outputs] == [
        (topics.commands("two"), KEY),
        (topics.commands("one"), KEY),
    ]
    order = Order.from_json(orders.changes[KEY] or b"")
    assert (order.version, set(order.targets)) == (1, {"one", "two"})


def test_commands_carry_cloud_events_headers_and_the_receipt() -> None:
    """The connector's lines must name the webhook that they are about."""
    (output, _) = run(fold_step(SETTINGS), Overlay(MemoryStore()), PLACED)
    command, headers = Command.from_json(output.value or b""), dict(output.headers)
    assert (headers["ce_id"].decode(), headers["ce_type"].decode()) == (command.id, command.type)
    assert (headers["receipt"], command.receipt) == (b"r0", "r0")


def test_repeat_writes_nothing_and_commands_nothing() -> None:
    """A repeat that is written costs a changelog record each time a platform retries."""
    store = MemoryStore()
    first = Overlay(store)
    run(fold_step(SETTINGS), first, PLACED)
    store.apply(first.changes)
    again = Overlay(store)
    assert (run(fold_step(SETTINGS), again, PLACED), again.changes) == ([], {})


def test_outcome_changes_the_state_and_commands_nothing() -> None:
    """An outcome that commands would answer itself for ever."""
    orders = Overlay(MemoryStore())
    run(fold_step(SETTINGS), orders, PLACED)
    command_id = Order.from_json(orders.changes[KEY] or b"").bookkeeping.commanded["one"].id
    assert run(fold_step(SETTINGS), orders, delivery_event(PLACED, "one", command_id=command_id)) == []
    targets = Order.from_json(orders.changes[KEY] or b"").targets
    assert {name: state.status for name, state in targets.items()} == {"one": "delivered", "two": "pending"}


def test_order_of_a_source_without_routes_is_folded_all_the_same() -> None:
    """Analysts read the state of orders that go nowhere."""
    event = PLACED.model_copy(update={"source": "unrouted", "order_key": "unrouted:1/1001"})
    orders = Overlay(MemoryStore())
    assert run(fold_step(SETTINGS), orders, event) == []
    assert set(orders.changes) == {b"unrouted:1/1001"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (Record(topics.EVENTS, 0, 0, 0, KEY, b"{"), "not-an-order-event"),
        (Record(topics.EVENTS, 0, 0, 0, KEY, None), "not-an-order-event"),
        (record(PLACED, key=b"selldone:1/1002"), "misplaced"),
    ],
)
def test_what_is_no_event_of_its_key_is_quarantined(bad: Record, reason: str) -> None:
    """Folded under a wrong key, an order would live on two partitions at once."""
    orders = Overlay(MemoryStore())
    with pytest.raises(Quarantine) as refusal:
        list(fold_step(SETTINGS)(bad, orders))
    assert (refusal.value.reason, orders.changes) == (reason, {})


def test_agents_keep_their_tables_in_the_public_state_topics() -> None:
    """`orders.state` and `inventory.state` are a contract: the changelogs are what others read."""
    expected = [(topics.EVENTS, topics.STATE), (topics.MOVEMENTS, topics.STOCK)]
    assert [(agent.topic, agent.table) for agent in agents(SETTINGS)] == expected


def test_command_that_no_delivery_could_hold_is_noticed_where_it_is_decided() -> None:
    """Noticed only by the connector, it would leave the order pending there for ever, and nobody told why."""
    items = [{"id": str(number), "price": "1", "product": {"title": "x" * 100}} for number in range(100)]
    large = selldone_event("CheckoutOrder", {"price": "10", "items": items})
    (made,) = {len(output.value or b"") for output in fold_step(SETTINGS)(record(large), Overlay(MemoryStore()))}
    kafka = {"record_bytes_max": made + ENVELOPE_BYTES}
    fitting = Settings.model_validate({**SETTINGS.model_dump(by_alias=True), "kafka": kafka})
    assert len(run(fold_step(fitting), Overlay(MemoryStore()), large)) == 2
    kafka["record_bytes_max"] -= 1
    orders, short = (
        Overlay(MemoryStore()),
        Settings.model_validate({**fitting.model_dump(by_alias=True), "kafka": kafka}),
    )
    with pytest.raises(Quarantine, match=f"{made} bytes for orders.commands.two.*record_bytes_max") as caught:
        run(fold_step(short), orders, large)
    assert (caught.value.reason, orders.changes) == ("command-too-large", {})
