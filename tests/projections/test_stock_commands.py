"""What inventories are told of: each movement of a routed order once, and in the end what the stock says."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.agents import fold_step
from streams import topics
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Command, CommandType, EventType, Movement, Order, OrderEvent
from tests.projections.events import delivery_event, duda_event
from tests.projections.test_stock import AUTH, seed

KEY = b"duda:site/o-1"


def settings(**target: Any) -> Settings:
    """Duda goes to one inventory and one external system, Selldone to another inventory."""
    base = {"base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
    sources = [{"name": name, "platform": name, "auth": AUTH, "tracks_stock": True} for name in ("duda", "selldone")]
    targets = [
        {"name": "stock", "kind": "inventory", **base, **target},
        {"name": "other-stock", "kind": "inventory", **base},
        {"name": "external", "kind": "external", **base},
    ]
    routes = [{"from": ["duda"], "to": ["stock", "external"]}, {"from": ["selldone"], "to": ["other-stock"]}]
    return Settings.model_validate({"sources": sources, "targets": targets, "routes": routes})


class Line:
    """The fold as a pure step, and what it told of stock."""

    def __init__(self, made: Settings | None = None) -> None:
        self._step, self.orders = fold_step(made or settings()), Overlay(MemoryStore())
        self.commands: list[Command] = []
        self.movements: list[Movement] = []

    def take(self, *events: OrderEvent) -> "Line":
        for event in events:
            record = Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json())
            for output in self._step(record, self.orders):
                value = output.value or b""
                if output.topic == topics.MOVEMENTS:
                    self.movements.append(Movement.from_json(value))
                elif (command := Command.from_json(value)).type is CommandType.MOVE_STOCK:
                    assert (output.topic, output.key) == (topics.commands("stock"), command.order_key.encode())
                    self.commands.append(command)
        return self

    def order(self, key: bytes = KEY) -> Order:
        return Order.from_json(self.orders.changes[key] or b"")

    def told(self) -> dict[str, Decimal]:
        """What the inventory has in the end: each id counts once."""
        moved = {each.data["movement"]["id"]: each.data for each in self.commands}
        return levels((data["product"], Decimal(data["movement"]["delta"])) for data in moved.values())


def levels(moved: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for product, delta in moved:
        sums[product] = sums.get(product, Decimal(0)) + delta
    return {product: level for product, level in sums.items() if level}


def created(*items: dict[str, Any]) -> OrderEvent:
    return duda_event("ECOMM_ORDER_CREATED", {"items": list(items)})


AT = 1673547263361


def changed(item: dict[str, Any], later_ms: int) -> OrderEvent:
    return duda_event("ECOMM_ORDER_UPDATED", {"items": [item]}, AT + later_ms, later_ms)


def test_each_movement_is_commanded_once_under_its_order() -> None:
    """The seed's plate: one, three, none; the command says what moved, and a repeat says nothing more."""
    line = Line().take(*seed(), *seed())
    assert [(each.data["movement"]["id"], each.data["movement"]["delta"]) for each in line.commands] == [
        (each.id, f"{each.delta}") for each in line.movements
    ]
    assert ["-1", "-2", "3"] == [each.data["movement"]["delta"] for each in line.commands]
    assert {each.data["product"] for each in line.commands} == {each.product_key for each in line.movements}
    assert len({each.id for each in line.commands}) == 3


def test_a_rebuild_commands_the_same_again() -> None:
    """Another id for the same movement would not be known for a repeat in the delivery table."""
    assert [each.id for each in Line().take(*seed()).commands] == [each.id for each in Line().take(*seed()).commands]


def test_an_inventory_that_goes_by_sku_is_told_the_sku_or_nothing() -> None:
    """A guessed name would move another product; null is a dead letter that says why."""
    plate = {"product_id": "plate", "sku": "P-1", "quantity": 2}
    line = Line(settings(product="sku")).take(created(plate, {"product_id": "bowl", "quantity": 1}))
    assert sorted((each.data["movement"]["product_key"], each.data["product"]) for each in line.commands) == [
        ("duda:site/bowl", None),
        ("duda:site/plate", "P-1"),
    ]


RENAMED = {"product_id": "plate", "sku": "P-2", "quantity": 2}


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (["deleted"], [("P-1", "-2"), ("P-1", "2")]),
        ([{**RENAMED, "quantity": 5}, "deleted"], [("P-1", "-2"), ("P-1", "-3"), ("P-1", "5")]),
        ([{**RENAMED, "quantity": 0}, RENAMED, "deleted"], [("P-1", "-2"), ("P-1", "2"), ("P-2", "-2"), ("P-2", "2")]),
    ],
    ids=["cancelled", "more", "none-and-again"],
)
def test_what_was_taken_by_one_sku_is_given_back_by_it(then: list[Any], told: list[tuple[str, str]]) -> None:
    """The shop renames it meanwhile: by the new name, one level would be too low for ever, and another too high."""
    line = Line(settings(product="sku"))
    line.take(created({"product_id": "plate", "sku": "P-1", "quantity": 2}), changed(RENAMED, 1))
    for number, each in enumerate(then, 2):
        line.take(duda_event("ECOMM_ORDER_DELETED", {}, AT + number) if each == "deleted" else changed(each, number))
    assert [(each.data["product"], each.data["movement"]["delta"]) for each in line.commands] == told
    assert line.told() == {}
    assert line.movements[-1].product.sku == "P-2", "what it is called by now"


def test_what_had_no_sku_as_it_was_taken_goes_by_the_one_that_it_has() -> None:
    """That it was taken is a dead letter, which a person mends by hand, under the SKU that there is by then."""
    line = Line(settings(product="sku")).take(created({"product_id": "plate", "quantity": 2}), changed(RENAMED, 1))
    line.take(duda_event("ECOMM_ORDER_DELETED", {}, AT + 2))
    assert [each.data["product"] for each in line.commands] == [None, "P-2"]


def test_order_that_took_before_names_were_kept_gives_back_as_it_did() -> None:
    """States of before have no names."""
    line = Line(settings(product="sku")).take(created({"product_id": "plate", "sku": "P-1", "quantity": 2}))
    order = line.order()
    old = order.to_dict()
    del old["bookkeeping"]["taken_as"]
    line.orders.set(KEY, Order.model_validate(old).to_json())
    line.take(changed(RENAMED, 1), duda_event("ECOMM_ORDER_DELETED", {}, AT + 2))
    assert [each.data["product"] for each in line.commands] == ["P-1", "P-2"]


def test_the_order_says_what_its_inventory_has() -> None:
    """Pending until the last of its movements is there."""
    line = Line().take(created({"product_id": "plate", "quantity": 2}, {"product_id": "bowl", "quantity": 1}))
    first, last = line.commands
    assert line.order().targets["stock"].status == "pending"
    done = [
        delivery_event(created(), "stock", command_id=each.id, command_type=each.type, at_s=n)
        for n, each in enumerate((first, last))
    ]
    assert line.take(done[0]).order().targets["stock"].status == "pending"
    assert line.take(done[1]).order().targets["stock"].status == "delivered"
    assert len(line.commands) == 2


def test_an_order_that_a_target_refuses_gives_back_what_it_took() -> None:
    """Refused for want of stock it is cancelled: what it held would be held for ever."""
    line = Line().take(created({"product_id": "plate", "quantity": 2}))
    refused = delivery_event(created(), "external").model_copy(update={"type": EventType.REJECTED, "id": "refused"})
    line.take(refused)
    assert ["-2", "2"] == [each.data["movement"]["delta"] for each in line.commands]
    assert line.told() == {}


@pytest.mark.parametrize("route", [[], [{"from": ["duda"], "to": ["external"]}]])
def test_what_is_not_routed_is_moved_here_only(route: list[Any]) -> None:
    """Nobody asked for it to be told."""
    line = Line(settings().model_copy(update={"routes": Settings.model_validate({"routes": route}).routes}))
    line.take(*seed())
    assert (len(line.movements), line.commands) == (3, [])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ECOMM_ORDER_CREATED", "ECOMM_ORDER_UPDATED", "ECOMM_ORDER_DELETED"]),
            st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=3),
            st.integers(0, 2),
        ),
        max_size=8,
    )
)
def test_whatever_comes_the_inventory_has_what_the_stock_says(sent: list[Any]) -> None:
    """Any webhooks in any order, some of them twice."""
    line = Line()
    for offset, (type, items, at) in enumerate(sent):
        document = {"items": [{"product_id": id, "quantity": quantity} for id, quantity in items]}
        event = duda_event(type, document, 1673547263361 + at, offset)
        line.take(event, event)
    assert line.told() == levels((each.product_key, each.delta) for each in line.movements)
    assert len(line.commands) == len(line.movements)
