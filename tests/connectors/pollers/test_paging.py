"""What is asked next, against a model of a list that changes while it is read: none is skipped, none taken twice."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.pollers import paging
from connectors.pollers.position import Known, Position
from streams.settings.auth import TargetBearer
from streams.settings.poll import Poll

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEEN_MAX = 1000


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def poll(**given: Any) -> Poll:
    auth = TargetBearer(scheme="bearer", token="env:TOKEN")
    return Poll(base_url="http://127.0.0.1:9", auth=auth, **({"overlap_s": 60} | given))


def known(seconds: float, name: str) -> Known:
    return Known(at=at(seconds), digest=name)


class Model:
    """A poller without Kafka or HTTP: the pure functions in the order in which the poller calls them."""

    def __init__(self, settings: Poll, seen_max: int = SEEN_MAX) -> None:
        self.poll, self.position, self.taken, self.seen_max = settings, Position(), list[str](), seen_max
        self.round = paging.begin(settings, self.position)

    def page(self, found: list[Known], *, has_next: bool, now: datetime) -> bool:
        """True at the end of a round."""
        forgot = self.position.forgot(self.seen_max)
        let_be = paging.let_be(self.round, self.position, forgot)
        unknown = [each for each in found if each.digest not in self.position.knows()]
        new = [each for each in unknown if let_be is None or each.at > let_be]
        self.taken += [each.digest for each in new]
        self.position = self.position.after_page(new, [each.at for each in found], now, self.seen_max)
        paging.took(self.poll, self.round, found, new, forgot)
        if not has_next:
            self.end()
        return not has_next

    def end(self) -> None:
        begins = paging.next_begin(self.poll, self.round, self.position)
        self.position = self.position.after_round(self.round.newest, begins, self.round.met)
        self.round = paging.begin(self.poll, self.position)

    def restart(self) -> None:
        """A crash: what is committed stays, the round under way is forgotten."""
        self.round = paging.begin(self.poll, self.position)


def test_the_first_round_asks_for_everything() -> None:
    """Orders placed before Orderlog was set up are orders too."""
    assert {"status": "ORDERED", "page": "1"} == paging.parameters(poll(), paging.begin(poll(), Position()))


def test_the_first_round_begins_where_the_settings_say() -> None:
    """Years of old orders need not be fetched."""
    settings = poll(start_at=at(0))
    query = paging.parameters(settings, paging.begin(settings, Position()))
    assert query["ordered_on__gt"] == "2026-03-01T12:00:00Z"


def test_a_later_round_begins_before_the_newest_order() -> None:
    """An order with the very time of the newest, or shown a little late, must still be asked for."""
    model = Model(poll())
    model.page([known(0, "a"), known(100, "b")], has_next=False, now=at(200))
    assert model.position.since == at(40)
    assert model.round.query["ordered_on__gt"] == "2026-03-01T12:00:40Z"


@pytest.mark.parametrize("given", [{"query": {}}, {"query": {"status": "DELIVERED", "x": "1"}}])
def test_the_settings_name_the_parameters(given: dict[str, Any]) -> None:
    """Where another version of the API calls them differently, that is no reason for another program."""
    settings = poll(page_parameter="p", page_first=0, since_parameter="from", start_at=at(0), **given)
    expected = {**given["query"], "p": "0", "from": "2026-03-01T12:00:00Z"}
    assert expected == paging.parameters(settings, paging.begin(settings, Position()))


def test_where_days_are_compared_a_day_more_is_asked_for() -> None:
    """`greater than 1 March` may mean from 2 March on, and the rest of 1 March would never be asked for."""
    settings = poll(since_format="date", start_at=at(0))
    assert paging.begin(settings, Position()).query["ordered_on__gt"] == "2026-02-28"


def test_a_time_in_the_future_does_not_carry_the_position_off() -> None:
    """One order dated 2099 would end the polling of all others."""
    model = Model(poll())
    model.page([known(10**9, "slip")], has_next=False, now=at(100))
    assert model.position.since == at(40)


def test_an_empty_list_leaves_the_position_alone() -> None:
    """No order says nothing about time."""
    model = Model(poll())
    model.page([], has_next=False, now=at(100))
    assert model.position == Position()


def test_a_round_of_several_pages_is_repeated_before_it_is_believed() -> None:
    """An order that slipped from page 2 to page 1 after page 1 was read is on no page that was read."""
    model = Model(poll())
    model.page([known(900, "d"), known(800, "c")], has_next=True, now=at(1000))
    model.page([known(100, "a")], has_next=False, now=at(1000))  # "b" of 500 s had moved to page 1
    for _ in range(2):
        assert model.position.since is None
        model.page([known(900, "d"), known(500, "b")], has_next=True, now=at(1000))
        model.page([known(100, "a")], has_next=False, now=at(1000))
    assert (model.taken, model.position.since) == (["d", "c", "a", "b"], at(840))


def test_the_position_goes_no_further_than_two_whole_rounds_allow() -> None:
    """What was shown during the round before was in one whole round only, and may have slipped through in that."""
    model = Model(poll())
    model.position = Position(since=at(500), newest=at(1000), before=at(900))
    model.restart()
    model.page([known(1010, "c")], has_next=True, now=at(2000))
    model.page([known(950, "b")], has_next=False, now=at(2000))
    assert (model.position.since, model.position.before) == (at(840), at(1000))


def test_a_list_that_became_shorter_under_the_round_is_not_believed() -> None:
    """The page that is gone was not empty: its orders are on a page that was read before they came there."""
    model = Model(poll())
    model.page([known(900, "b")], has_next=True, now=at(1000))
    paging.broke_off(model.round)
    assert paging.next_begin(model.poll, model.round, model.position) is None
    assert paging.must_repeat(model.round, None) is True


def test_what_the_api_shows_in_spite_of_the_time_stays_known() -> None:
    """An API that does not know the parameter's name ignores it: its old orders must not be recorded every minute."""
    model = Model(poll())
    for _ in range(3):
        model.page([known(5000, "new"), known(0, "old")], has_next=False, now=at(6000))
    assert model.taken == ["new", "old"]


def test_what_lies_behind_is_forgotten() -> None:
    """The record of the position must not grow with the orders of years."""
    model = Model(poll())
    for second in range(0, 10_000, 100):
        model.page([known(second, str(second))], has_next=False, now=at(second))
    assert [each.digest for each in model.position.seen] == ["9900"]


def test_the_bound_forgets_the_oldest() -> None:
    """A position that does not fit into a record could not be committed, and nothing would be polled ever again."""
    position = Position().after_page([known(n, str(n)) for n in range(10)], [], at(100), seen_max=3)
    assert [each.digest for each in position.seen] == ["7", "8", "9"]


def test_an_operator_s_time_only_leads_back() -> None:
    """Asked from later on, the orders between would be left out."""
    model = Model(poll())
    model.page([known(100, "a")], has_next=False, now=at(200))
    assert model.position.asked_from(at(-500)).since == at(-500)
    assert model.position.asked_from(at(-500)).knows() == {"a"}


def pages_of(listed: list[Known], size: int) -> list[list[Known]]:
    return [listed[at : at + size] for at in range(0, len(listed), size)]


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_list_longer_than_the_memory_is_read_to_its_end_and_left(newest_first: bool) -> None:
    """Each round finds what it has forgotten; taken for news, that has the whole list recorded again for ever."""
    model = Model(poll(), seen_max=30)
    listed = [known(second * 60, str(second)) for second in range(100)]
    ordered = listed[::-1] if newest_first else listed
    for _ in range(3):
        assert model.position.since is None
        for number, page in enumerate(pages_of(ordered, 10), 1):
            model.page(page, has_next=number < 10, now=at(10_000))
    assert model.position.since == at(99 * 60 - 60)
    counts = Counter(model.taken)
    assert set(counts) == {each.digest for each in listed}
    assert {counts[each.digest] for each in listed[70:]} == {1}
    assert max(counts.values()) <= 3


def test_what_the_api_shows_in_spite_of_the_time_is_let_be_once_it_is_forgotten() -> None:
    """Else an API that ignores the time has all but the newest orders recorded again every minute."""
    model = Model(poll(), seen_max=30)
    listed = [known(second * 60, str(second)) for second in range(100)][::-1]
    for _ in range(10):
        for number, page in enumerate(pages_of(listed, 10), 1):
            model.page(page, has_next=number < 10, now=at(10_000))
    assert max(Counter(model.taken).values()) <= 3


def test_a_list_that_is_never_read_to_its_end_is_recorded_once() -> None:
    """Past poll.pages_max a person is told; until they come, the topic must not fill with the same orders."""
    model = Model(poll(), seen_max=30)
    listed = [known(second * 60, str(second)) for second in range(100)][::-1]
    for _ in range(3):
        for page in pages_of(listed, 10):
            model.page(page, has_next=True, now=at(10_000))
        model.round = paging.begin(model.poll, model.position, overlong=True)
    assert set(Counter(model.taken).values()) == {1}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("leaving", [0.0, 0.05])
def test_no_order_is_skipped_or_taken_twice_whatever_happens_between_two_pages(
    seed: int, newest_first: bool, leaving: float
) -> None:
    """Orders come, come late within the overlap, share their time, leave the list; the poller crashes at any page."""
    dice = random.Random(seed)
    model, listed, placed = Model(poll()), dict[str, Known](), list[str]()

    def change(now: datetime) -> None:
        for _ in range(dice.choice([0, 0, 1, 3])):
            name = f"o-{len(placed)}"
            late_s = dice.choice([0, 0, 0, 20, 50])
            listed[name] = Known(at=(now - timedelta(seconds=late_s)).replace(microsecond=0), digest=name)
            placed.append(name)
        taken = [name for name in listed if name in model.taken]
        if taken and dice.random() < leaving:
            listed.pop(dice.choice(taken))

    def pages(now: datetime) -> Iterator[None]:
        since = model.position.since
        number, size = model.round.page, 3
        wanted = [each for each in listed.values() if since is None or each.at > since]
        wanted.sort(key=lambda each: (each.at, each.digest), reverse=newest_first)
        if number > max(1, -(-len(wanted) // size)):
            paging.broke_off(model.round)
            model.end()
        else:
            model.page(wanted[(number - 1) * size : number * size], has_next=number * size < len(wanted), now=now)
        yield

    for _ in range(20):
        name = f"first-{len(placed)}"
        listed[name] = Known(at=at(dice.randrange(100)), digest=name)
        placed.append(name)
    for step in range(700):
        now = at(1000 + step)
        if step < 400:
            change(now)
            if dice.random() < 0.04:
                model.restart()
        next(pages(now))
    assert model.position.since is not None
    assert dict(Counter(placed)) == dict(Counter(model.taken))
