"""Deciding: what an order's state demands of a target, less what was commanded."""

from projections.decide import TargetSpec, decide
from projections.fold import fold
from streams.vocabulary import Command, CommandType, Order, OrderEvent
from tests.projections.events import NOW, delivery_event, duda_event, selldone_event

ONE, TWO = TargetSpec("one", "external"), TargetSpec("two", "external")


def run(*events: OrderEvent, targets: tuple[TargetSpec, ...] = (ONE,)) -> tuple[Order, list[Command]]:
    """Fold and decide over the events, as the agent does."""
    order: Order | None = None
    commands: list[Command] = []
    for event in events:
        order, decided = decide(fold(order, event), targets, event)
        commands += decided
    assert order is not None
    return order, commands


def placed(price: object = "10", at_s: int = 0, **more: object) -> OrderEvent:
    return selldone_event("CheckoutOrder", {"price": price, **more}, at_s)


def types(commands: list[Command]) -> list[str]:
    return [command.type for command in commands]


def test_paid_before_placed_commands_nothing_until_the_order_can_be_created() -> None:
    """A target cannot be told of the payment of an order that it does not have."""
    paid = selldone_event("PaymentOrder", {"price": "10"}, at_s=1)
    assert run(paid)[1] == []
    assert types(run(paid, placed())[1]) == [CommandType.CREATE_ORDER]


def test_order_without_a_total_waits_for_it() -> None:
    """The target's document needs an amount, and none may be invented."""
    assert types(run(placed(None))[1]) == []
    assert types(run(placed(None), selldone_event("OrderConfirm", {"price": "3"}, at_s=1))[1]) == ["create_order"]


def test_order_cancelled_before_it_was_created_is_never_created() -> None:
    """Created after all, it would be sent."""
    cancelled = selldone_event("CancelProduct", {"status": "Canceled", "price": "10"}, at_s=1)
    assert run(cancelled, placed(), selldone_event("OrderConfirm", {"price": "11"}, at_s=2))[1] == []


def test_event_that_changes_nothing_for_the_target_commands_nothing() -> None:
    """The seed's document has no status: a status alone is no news to that API."""
    assert types(run(placed(), selldone_event("SentOrder", {}, at_s=1))[1]) == ["create_order"]


def test_news_after_cancelling_still_reaches_a_target_that_has_the_order() -> None:
    """Otherwise what the target ends with would depend on whether the news or the cancelling came first."""
    cancelled = selldone_event("CancelProduct", {"status": "Canceled"}, at_s=1)
    news = selldone_event("OrderConfirm", {"price": "9"}, at_s=2)
    assert types(run(placed(), cancelled, news)[1]) == ["create_order", "update_order"]


def test_return_to_an_earlier_document_is_a_command_of_its_own() -> None:
    """A → B → A → B: under the id of the first B the last would be taken for a repeat, and the target left at A."""
    _, commands = run(placed("1", 0), placed("2", 1), placed("1", 2), placed("2", 3))
    assert [command.data["order"]["total_amount"] for command in commands] == ["1", "2", "1", "2"]
    assert len({command.id for command in commands}) == 4


def test_deciding_again_gives_the_same_commands() -> None:
    """A replay that gives commands new ids has every effect again."""
    events = (placed("1", 0), placed("2", 1))
    assert run(*events)[1] == run(*events)[1]


def test_order_remembers_what_it_commanded() -> None:
    """Without it, every event would command again."""
    event = placed()
    order, commands = run(event)
    assert decide(order, (ONE,), event) == (order, ())
    assert (order.targets["one"].status, order.bookkeeping.commanded["one"].id) == ("pending", commands[0].id)


def test_every_target_gets_a_command_of_its_own() -> None:
    """One id for two targets would make the second look like a repeat of the first."""
    order, commands = run(placed(), targets=(ONE, TWO))
    assert [(command.target, command.type) for command in commands] == [
        ("one", "create_order"),
        ("two", "create_order"),
    ]
    assert commands[0].id != commands[1].id
    assert list(order.targets) == ["one", "two"]


def test_target_added_later_is_given_the_order_with_the_next_event() -> None:
    """A new route must not need every order to change first, nor disturb the old target."""
    event = placed()
    order, _ = run(event)
    _, commands = decide(order, (ONE, TWO), event)
    assert [(command.target, command.type) for command in commands] == [("two", "create_order")]


def test_dead_target_is_not_shown_as_pending_by_further_commands() -> None:
    """The dead letter holds what follows it: pending would hide that a person is needed."""
    first = placed("1", 0)
    order, _ = run(first, delivery_event(first, ok=False), placed("2", 1))
    assert order.targets["one"].status == "dead"


def test_command_is_signed_by_its_cause_and_needs_no_clock() -> None:
    """A time of deciding would differ on every replay."""
    event = placed()
    (command,) = run(event)[1]
    assert (command.caused_by, command.receipt, command.created_at) == (event.id, "r0", NOW)


def test_document_is_the_seeds_transform_order() -> None:
    """The API of seed 000 takes these fields by these names; a missing one is null, never left out."""
    address = {"name": "Ann", "address_1": "1 Main St", "city": None}
    data = {
        "total": "62.85",
        "currency": "USD",
        "email": "ann@mail.com",
        "created": "2023-01-12T18:12:58Z",
        "shipping_address": address,
        "items": [
            {"id": "a", "sku": "S", "product_id": "p", "quantity": 2, "unit_price": "45.00"},
            {"id": "b", "variation_id": "v", "product_id": "p", "quantity": "0.5"},
        ],
    }
    (command,) = run(duda_event("ECOMM_ORDER_CREATED", data))[1]
    assert command.data["order"] == {
        "external_order_id": "duda:site/o-1",
        "customer_email": "ann@mail.com",
        "total_amount": "62.85",
        "currency": "USD",
        "items": [
            {"sku": "S", "quantity": "2", "price": "45"},
            {"sku": "v", "quantity": "0.5", "price": "0"},
        ],
        "shipping_address": {"city": None, "line1": "1 Main St", "name": "Ann"},
        "billing_address": None,
        "created_at": "2023-01-12T18:12:58Z",
    }


def test_currency_falls_back_to_kronor_for_quickbutik_only() -> None:
    """The seed's default is that shop's; 10 of unknown currency are not 10 SEK."""
    order, commands = run(placed())
    assert commands[0].data["order"]["currency"] is None
    event = placed()
    _, commands_there = decide(
        order.model_copy(update={"platform": "quickbutik", "bookkeeping": fold(None, event).bookkeeping}), (ONE,), event
    )
    assert commands_there[0].data["order"]["currency"] == "SEK"
