"""When an alert fires, is told, is told again and is resolved. All of it pure, with the time passed in."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.alerts.alert import MINUTE, Alert, Due, News, after, batches, news_of, room
from connectors.alerts.messages import DOCS, SUMMED_MAX, hello, text_of
from connectors.alerts.rules import Rule, State
from streams.settings.alerts import Alerts
from tests.connectors.alerts.make import alerts, reading
from tests.connectors.make import at

OVER, BETWEEN, CLEAR, UNKNOWN = State.OVER, State.BETWEEN, State.CLEAR, State.UNKNOWN
GIVEN = alerts(resolve_after_s=60, min_repeat_s=120, remind_s=600)


@dataclass
class Told:
    """One alert over time, as the watcher keeps it; every message that it sends."""

    given: Alerts = GIVEN
    rule: Rule = Rule.ERRORS
    alert: Alert | None = None
    messages: list[tuple[News, float]] = field(default_factory=list)

    def step(self, s: float, state: State, value: float | None = 0.05, *, restarts: bool = False) -> "Told":
        now = at(s)
        if restarts and self.alert is not None:
            self.alert = Alert.from_json(self.alert.to_json())
        self.alert = after(self.alert, reading(state, self.rule, value), self.given, now)
        if self.alert is not None and (news := news_of(self.alert, value, self.given, now)):
            self.messages.append((news, s))
            self.alert = self.alert.after_message(news, value, now)
        return self

    def steps(self, *steps: tuple[float, State]) -> list[tuple[News, float]]:
        for s, state in steps:
            self.step(s, state)
        return self.messages


def test_it_is_told_once_while_it_fires_and_once_when_it_is_well_again() -> None:
    """Every five seconds the same message, and nobody reads any."""
    seconds = [(float(s), OVER) for s in range(0, 100, 5)] + [(float(s), CLEAR) for s in range(100, 300, 5)]
    assert Told().steps(*seconds) == [(News.FIRING, 0), (News.RESOLVED, 160)]


def test_it_is_resolved_only_after_all_was_well_for_a_while() -> None:
    """A moment's rest between two failures is no end of the trouble; about the threshold it is none either."""
    assert Told().steps((0, OVER), (10, CLEAR), (60, OVER), (70, CLEAR), (129, CLEAR))[1:] == []
    assert Told().steps((0, OVER), (10, CLEAR), (60, BETWEEN), (71, CLEAR), (130, CLEAR))[1:] == []
    assert Told().steps((0, OVER), (10, CLEAR), (70, CLEAR))[1:] == [(News.RESOLVED, 70)]


def test_a_value_that_trembles_within_the_margin_makes_no_noise() -> None:
    """Neither from below nor from above."""
    assert Told().steps((0, CLEAR), (5, BETWEEN), (10, CLEAR), (15, BETWEEN)) == []
    assert len(Told().steps((0, OVER), *((float(s), BETWEEN) for s in range(5, 500, 5)))) == 1


def test_an_alert_of_which_nothing_more_is_known_is_neither_resolved_nor_told_again() -> None:
    """Behind an open breaker nothing ends: "resolved" would send everybody home. At night nobody is reminded of it."""
    told = Told()
    for s in range(5, 5000, 5):
        told.step(s, OVER if s < 60 else UNKNOWN, 0.05 if s < 60 else None)
    assert told.messages == [(News.FIRING, 5)]
    told.steps((5000, CLEAR), (5030, UNKNOWN), (5059, CLEAR))
    assert len(told.messages) == 1
    assert told.steps((5060, CLEAR))[1:] == [(News.RESOLVED, 5060)], "the first that were well, and nothing since"
    assert Told().steps((0, UNKNOWN), (5, UNKNOWN)) == []


def test_what_is_still_so_after_a_silence_is_told_again() -> None:
    """The silence was no end of it."""
    told = Told().step(0, OVER)
    told.step(10, CLEAR).step(700, UNKNOWN, None).step(705, BETWEEN)
    assert told.messages == [(News.FIRING, 0), (News.STILL, 705)]
    assert told.steps((710, CLEAR), (770, CLEAR))[2:] == [(News.RESOLVED, 770)]


def test_what_fires_again_soon_is_held_back_and_told_if_it_lasts() -> None:
    """An alert that comes and goes must not fill the channel."""
    told = Told(alerts(resolve_after_s=0, min_repeat_s=120))
    assert told.steps((0, OVER), (10, CLEAR), (20, OVER), (30, CLEAR), (40, OVER), (129, OVER), (130, OVER)) == [
        (News.FIRING, 0),
        (News.RESOLVED, 10),
        (News.FIRING, 130),
    ]


def test_what_still_fires_is_told_again_after_a_long_time() -> None:
    """The one who read it first may have gone home."""
    assert Told().steps((0, OVER), (599, OVER), (600, OVER), (1199, OVER), (1200, OVER)) == [
        (News.FIRING, 0),
        (News.STILL, 600),
        (News.STILL, 1200),
    ]


@pytest.mark.parametrize(
    ("rule", "again"), [(Rule.DEAD, [120.0, 250.0]), (Rule.STOCK, [120.0, 250.0]), (Rule.WAITING, [])]
)
def test_a_new_dead_letter_is_news_though_the_first_was_told(rule: Rule, again: list[float]) -> None:
    """But not each one: what came within the interval goes into one message. That more wait is no news."""
    told = Told(rule=rule)
    for s, value in ((0, 1), (10, 2), (20, 5), (119, 5), (120, 5), (200, 5), (250, 6), (300, 6), (400, 3)):
        told.step(s, OVER, value)
    assert [s for news, s in told.messages if news is News.STILL] == again


def test_dead_letters_that_come_after_many_were_mended_are_news() -> None:
    """A hundred were told of, all but some redriven: fifty more must not wait until there are more than a hundred."""
    told = Told(rule=Rule.DEAD)
    for s, value in ((0, 100), (200, 5), (400, 5), (405, 50), (500, 50)):
        told.step(s, OVER, value, restarts=True)
    assert [(News.FIRING, 0), (News.STILL, 405)] == told.messages


def test_nothing_is_remembered_of_an_alert_that_is_long_over() -> None:
    """The table must not grow with everything that ever went wrong; but what holds messages back is kept."""
    told = Told()
    told.steps((0, OVER), (10, CLEAR), (70, CLEAR))
    assert told.step(189, CLEAR).alert is not None
    assert told.step(190, CLEAR).alert is None


def test_a_message_that_was_not_sent_is_still_due_and_says_what_is_then() -> None:
    """The webhook was down: when it is back, a trouble that is over needs no message at all."""
    alert = after(None, reading(OVER), GIVEN, at(0))
    assert alert is not None
    assert [news_of(alert, 0.05, GIVEN, at(s)) for s in (0, 50, 5000)] == [News.FIRING] * 3
    alert = after(alert, reading(CLEAR), GIVEN, at(10))
    assert alert is not None
    over = after(alert, reading(CLEAR), GIVEN, at(70))
    assert over is not None
    assert (over.is_firing, news_of(over, None, GIVEN, at(70))) == (False, None)


LIFE = st.lists(
    st.tuples(st.integers(1, 90), st.sampled_from([OVER, OVER, BETWEEN, CLEAR, CLEAR, UNKNOWN]), st.booleans()),
    max_size=60,
)


@given(LIFE, st.sampled_from([Rule.ERRORS, Rule.DEAD]))
def test_whatever_happens_messages_keep_their_distance_and_take_turns(life: list[Any], rule: Rule) -> None:
    """Firing at most once in the interval; resolved only after firing, and only after a while of being well."""
    told, plain, now = Told(rule=rule), Told(rule=rule), 0.0
    states: list[tuple[float, State]] = []
    for wait_s, state, restarts in life:
        now += wait_s
        states.append((now, state))
        value = None if state is UNKNOWN else 0.05
        told.step(now, state, value, restarts=restarts)
        plain.step(now, state, value)
    assert told.messages == plain.messages, "a restart neither repeats nor forgets"
    news = [each for each, _ in told.messages]
    assert all(
        one is not News.RESOLVED or before is not News.RESOLVED for before, one in pairwise([News.RESOLVED, *news])
    )
    fires = [s for each, s in told.messages if each is not News.RESOLVED]
    assert all(later - sooner >= GIVEN.min_repeat_s for sooner, later in pairwise(fires))
    for each, s in told.messages:
        if each is News.RESOLVED:
            assert all(state in (CLEAR, UNKNOWN) for at_s, state in states if s - GIVEN.resolve_after_s <= at_s <= s)
            assert dict(states)[s] is CLEAR, "only what was measured says that it is over"
        else:
            assert any(state is OVER for at_s, state in states if at_s <= s)


def due(target: str = "external", news: News = News.FIRING, rule: Rule = Rule.ERRORS, value: float = 0.05) -> Due:
    alert = Alert(rule=rule, target=target, is_firing=news is not News.RESOLVED, since=at(-90))
    return Due(alert, news, value, 0.01)


@given(st.integers(0, 30), st.integers(-3, 10))
def test_no_more_messages_than_there_is_room_for_and_none_forgotten(count: int, room: int) -> None:
    """What is over is summed up in the last one; without any room all of it waits."""
    all_due = [due(f"t-{n}") for n in range(count)]
    made = batches(all_due, room)
    assert len(made) <= max(room, 0)
    assert [each for batch in made for each in batch] == (all_due if room > 0 else [])
    assert all(len(batch) == 1 for batch in made[:-1])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 40)), max_size=60), st.integers(1, 8))
def test_in_no_minute_there_are_more_messages_than_allowed(ticks: list[tuple[int, int]], allowed: int) -> None:
    """However many alerts change, and whenever; each is in a message in the end."""
    settings, now, waiting, told = alerts(messages_per_minute=allowed), 0, 0, 0
    sent: list[datetime] = []
    for wait_s, count in [*ticks, (60, 0)]:
        now, waiting = now + wait_s, waiting + count
        made = batches([due()] * waiting, room(sent, settings, at(now)))
        sent += [at(now)] * len(made)
        told += sum(map(len, made))
        waiting -= sum(map(len, made))
    assert all(sum(start <= other < start + MINUTE for other in sent) <= allowed for start in sent)
    assert (waiting, told) == (0, sum(count for _, count in ticks))


def text(*each: Due, now: datetime | None = None) -> str:
    return text_of(each, "orderlog", now or at(0))


def test_a_message_says_what_where_how_much_since_when_and_what_to_do() -> None:
    """Whoever is woken by it must not have to look anything up first."""
    assert text(due()) == (
        ":red_circle: *error-rate* at *external*: 5 % of the attempts fail (threshold 1 %); "
        "since 2026-03-01 11:58:30 UTC (1 min)\nWhat to do: docs/operations.md#alert-error-rate [orderlog]"
    )
    assert text(due(news=News.RESOLVED)).startswith(
        ":large_green_circle: *error-rate* at *external*: resolved 2026-03-01 11:58:30 UTC"
    )
    assert "still: 5 %" in text(due(news=News.STILL))


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_words(rule: Rule) -> None:
    """A rule without is one that is told as a crash."""
    assert f"*{rule}* at *external*" in text(due(rule=rule, value=1234))


def test_many_are_summed_up_in_one_bounded_message() -> None:
    """A broken network breaks all targets at once; Slack cuts what is longer than 40,000 letters."""
    said = text(*(due("t" * 63) for _ in range(1000)))
    assert said.startswith("1000 alerts changed [orderlog]; what to do: docs/operations.md#alerts\n")
    assert said.endswith(f"… and {1000 - SUMMED_MAX} more")
    assert len(said) < 40_000


def test_what_is_shown_cannot_be_taken_for_a_link() -> None:
    """Slack reads `<!channel>` as a call to everybody."""
    assert "<" not in hello("<!channel>", "a&b")


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_a_section_that_says_what_to_do(rule: Rule) -> None:
    """The message sends people there."""
    page = (Path(__file__).parents[3] / DOCS).read_text()
    assert page.count(f"\n### Alert: {rule}\n") == 1
