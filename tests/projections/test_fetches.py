"""Pings and the fetches that they lead to. Invariant: every ping is looked into, and none twice without need."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from projections.agents import fold_step
from projections.fetches import WORDS_MAX
from streams import topics
from streams.platforms import PLATFORMS, RawWebhook
from streams.record import Record
from streams.runtime.state import MemoryStore, Overlay
from streams.settings.model import Settings
from streams.vocabulary import Command, CommandType, Order, OrderEvent, OrderStatus, Origin
from tests.projections.events import NOW, delivery_event, folded

SETTINGS = Settings.model_validate(
    {
        "sources": [
            {
                "name": "quickbutik",
                "platform": "quickbutik",
                "auth": {"scheme": "token", "secrets": ["env:T"]},
                "fetch_from": "api",
            }
        ],
        "targets": [
            {"name": name, "kind": kind, "base_url": "http://127.0.0.1:1", "auth": {"scheme": "none"}}
            for name, kind in (("api", "quickbutik"), ("shop", "external"))
        ],
        "routes": [{"from": ["quickbutik"], "to": ["shop"]}],
    }
)
DOCUMENT = {"order_id": "7", "total_amount": "10.00", "status": "1", "customer": {"email": "a@example.com"}}


def webhook(word: str, receipt: str, body: bytes, at_s: int, *, is_fetched: bool) -> OrderEvent:
    raw = RawWebhook(
        source="quickbutik",
        body=body,
        origin=Origin(topic=topics.webhooks("quickbutik"), partition=0, offset=at_s),
        receipt=receipt,
        received_at=NOW + timedelta(seconds=at_s),
        query={"event_type": word, "order_id": "7"},
        is_fetched=is_fetched,
    )
    (event,) = PLATFORMS["quickbutik"].normalise(raw)
    assert isinstance(event, OrderEvent)
    return event


def ping(word: str = "order.new", receipt: str = "r-1", at_s: int = 0) -> OrderEvent:
    return webhook(word, receipt, b"", at_s, is_fetched=False)


def fetched(word: str = "order.new", receipt: str = "f-1", at_s: int = 0, **changed: object) -> OrderEvent:
    body = json.dumps([DOCUMENT | changed]).encode()
    return webhook(word, receipt, body, at_s, is_fetched=True)


@dataclass
class Line:
    """The fold step over one table, and every command that it made."""

    orders: Overlay = field(default_factory=lambda: Overlay(MemoryStore()))
    commands: list[Command] = field(default_factory=list)
    history: list[OrderEvent] = field(default_factory=list)

    def see(self, *events: OrderEvent) -> list[Command]:
        """What these events lead to."""
        made = []
        for event in events:
            self.history.append(event)
            record = Record(topics.EVENTS, 0, 0, 0, event.order_key.encode(), event.to_json())
            outputs = list(fold_step(SETTINGS)(record, self.orders))
            made += [Command.from_json(output.value or b"") for output in outputs]
        self.commands += made
        return made

    def end(self, command: Command, *, ok: bool = True, at_s: int = 100, **more: bool) -> list[Command]:
        """The command has its outcome."""
        about = {"command_id": command.id, "command_type": command.type}
        return self.see(delivery_event(self.history[0], "api", ok=ok, at_s=at_s, **about, **more))

    @property
    def order(self) -> Order:
        return Order.from_json(self.orders.get(b"quickbutik:7") or b"")


def test_a_ping_is_fetched_from_the_api_that_its_source_names() -> None:
    """The command must say which order, and the word that the answer is to be read by."""
    (command,) = Line().see(ping())
    assert (command.type, command.target, command.order_key) == (CommandType.FETCH_ORDER, "api", "quickbutik:7")
    assert command.data == {"order_id": "7", "event_type": "order.new"}
    assert command.id == Line().see(ping())[0].id, "decided again, the same command"


def test_a_ping_creates_nothing_until_its_order_was_fetched() -> None:
    """A forged ping must only make us look."""
    line = Line()
    (fetch,) = line.see(ping("order.cancelled"))
    assert (line.order.status, line.order.bookkeeping.placed) == (OrderStatus.PENDING, False)
    line.end(fetch)
    (create,) = line.see(fetched("order.done", status="2"))
    assert (create.type, create.target, create.data["order"]["total_amount"]) == ("create_order", "shop", "10")


def test_fifty_copies_of_a_ping_lead_to_two_fetches() -> None:
    """One for the first, and one after it for all that came while it was open."""
    line = Line()
    line.see(*(ping(receipt=f"r-{number}", at_s=number) for number in range(50)))
    (first,) = line.commands
    (second,) = line.end(first)
    assert [] == line.end(second)


def test_a_ping_while_a_fetch_is_open_leads_to_one_more_after_it() -> None:
    """The open one may have been answered before what this ping tells of."""
    line = Line()
    (first,) = line.see(ping(receipt="r-1"))
    assert [] == line.see(ping(receipt="r-2", at_s=1))
    (second,) = line.end(first)
    assert first.id != second.id
    assert [] == line.see(fetched(receipt=first.id, at_s=2))[1:], "the document itself asks for nothing"


def test_each_word_is_fetched_for_itself() -> None:
    """The answer is read by its ping's word: `order.done` must not be lost behind `order.new`."""
    line = Line()
    made = line.see(ping("order.new"), ping("order.done", "r-2"), ping("order.archived", "r-3"))
    assert [command.data["event_type"] for command in made] == ["order.new", "order.done", "order.archived"]


def test_a_fetch_that_is_dead_holds_no_later_ping_up() -> None:
    """Else an API that was down for an hour would cost the order for ever."""
    line = Line()
    (first,) = line.see(ping())
    assert [] == line.end(first, ok=False)
    (second,) = line.see(ping(receipt="r-2", at_s=1))
    assert line.order.bookkeeping.fetches["order.new"].id == second.id != first.id


def test_a_fetch_that_was_let_go_is_made_again_only_for_a_later_ping() -> None:
    """A person has looked at it: nothing is asked in its place; but a ping since says that something happened."""
    line = Line()
    (first,) = line.see(ping())
    line.end(first, ok=False)
    assert [] == line.end(first, is_discarded=True, at_s=101)
    assert line.order.bookkeeping.fetches["order.new"].status == "discarded"
    assert line.end(first, ok=False) == [], "told again, and late"
    assert line.order.bookkeeping.fetches["order.new"].status == "discarded"
    assert 1 == len(line.see(ping(receipt="r-2", at_s=1)))


def test_what_became_of_a_fetch_is_not_what_the_target_has_of_the_order() -> None:
    """`delivered` at an API that was only asked would claim that it has the order from us."""
    line = Line()
    (fetch,) = line.see(ping())
    line.end(fetch)
    assert (line.order.targets, line.order.bookkeeping.fetches["order.new"].status) == ({}, "delivered")


def test_the_echo_of_our_own_update_ends_at_an_unchanged_document() -> None:
    """Quickbutik pings us for what we told it ourselves: from there on nothing may go out again."""
    line = Line()
    (fetch,) = line.see(ping())
    line.end(fetch)
    (create,) = line.see(fetched(receipt=fetch.id, at_s=1))
    (echo,) = line.see(ping("order.done", "r-echo", at_s=5))
    line.end(echo, at_s=101)
    assert (create.type, []) == ("create_order", line.see(fetched("order.done", echo.id, at_s=6)))


def test_a_replay_of_everything_fetches_nothing() -> None:
    """Offsets set back to 0 with the state intact: every event was seen, and level is level."""
    line = Line()
    (fetch,) = line.see(ping(), ping(receipt="r-2", at_s=1))
    (more,) = line.end(fetch)
    line.see(fetched(receipt=fetch.id, at_s=2), fetched(receipt=more.id, at_s=3))
    line.end(more, at_s=101)
    before = line.order
    assert ([], before) == (line.see(*line.history), line.order)


def test_a_rebuild_from_the_events_demands_the_very_same_fetches() -> None:
    """With other ids nobody could tell that they were made already."""
    line = Line()
    (fetch,) = line.see(ping(), ping(receipt="r-2", at_s=1))
    (more,) = line.end(fetch)
    line.end(more, at_s=101)
    rebuilt = Line()
    rebuilt.see(*line.history)
    assert (rebuilt.commands, rebuilt.order) == (line.commands, line.order)


def test_made_up_words_are_bounded() -> None:
    """Whoever knows the URL must not be able to grow an order's state without end."""
    line = Line()
    line.see(*(ping(f"order.{number}", f"r-{number}", number) for number in range(50)))
    book = line.order.bookkeeping
    assert (len(book.pings), len(book.fetches)) == (WORDS_MAX, WORDS_MAX)
    assert set(book.pings) == {f"order.{number}" for number in range(50 - WORDS_MAX, 50)}


words = st.sampled_from(["order.new", "order.done", "order.cancelled", "order.odd", *(f"order.{n}" for n in range(9))])
times = st.integers(0, 5)
pings = st.builds(ping, words, st.sampled_from([f"r-{n}" for n in range(9)]), times)
documents = st.builds(
    fetched, words, st.sampled_from(["f-1", "f-2", "f-3"]), times, status=st.sampled_from(["-1", "1", "2"])
)
outcomes = st.builds(
    delivery_event,
    st.just(ping()),
    st.just("api"),
    ok=st.booleans(),
    is_discarded=st.booleans(),
    command_id=st.sampled_from(["c-1", "c-2"]),
    command_type=st.just(CommandType.FETCH_ORDER),
    at_s=times,
)
event_sets = st.lists(pings | documents | outcomes, min_size=1, max_size=12, unique_by=lambda event: event.id)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_pings_and_documents_in_any_order_leave_the_same_order(data: st.DataObject) -> None:
    """Pings overtake each other, and a fetched document may overtake them all."""
    events = data.draw(event_sets)
    history = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))]))
    assert folded(*history).to_json() == folded(*events).to_json()


@settings(max_examples=40, deadline=None)
@given(events=event_sets.map(lambda events: events[:4]))
def test_every_permutation_of_pings_and_documents_leaves_the_same_order(events: list[OrderEvent]) -> None:
    """The same, with nothing left to chance for small sets."""
    assert len({folded(*history).to_json() for history in permutations(events)}) == 1


@settings(max_examples=80, deadline=None)
@given(st.lists(pings | st.none(), max_size=30))
def test_no_ping_is_left_without_a_fetch_after_it(given: list[OrderEvent | None]) -> None:
    """Level-triggered: whatever the interleaving of pings and outcomes, the last ping of a word is looked into."""
    line, open_fetches = Line(), list[Command]()
    for step in given:
        if step is not None:
            open_fetches += line.see(step)
        elif open_fetches:
            open_fetches += line.end(open_fetches.pop(0))
    while open_fetches:
        open_fetches += line.end(open_fetches.pop(0))
    if line.history:
        book = line.order.bookkeeping
        assert {word: clock[3] for word, clock in book.pings.items()} == {
            word: fetch.ping for word, fetch in book.fetches.items()
        }
