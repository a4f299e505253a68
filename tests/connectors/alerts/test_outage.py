"""A target goes away altogether. Invariant: somebody learns of it in time, and of its end only when there is one."""

import heapq
from dataclasses import dataclass, field

import pytest

from connectors.alerts.alert import Alert, News, after, news_of
from connectors.alerts.levels import Level
from connectors.alerts.rules import Rule, readings
from connectors.alerts.window import Window
from connectors.breaker import Breaker
from connectors.exchange import Attempt, masker
from connectors.settle import Judged, Settler
from connectors.targets import external
from connectors.verdict import Verdict
from connectors.vocabulary import Delivery
from streams import topics
from streams.vocabulary import Outcome
from tests.connectors.alerts.make import alerts
from tests.connectors.make import TARGET, at, delivery, target
from tests.connectors.test_settle import MIB

# What docs/operations.md promises, with the settings as they are by default.
TOLD_WITHIN_S = 120
GIVEN = alerts()


@dataclass
class Outage:
    """No request is answered, each for `hang_s`; as the outlet sends them, and as the watcher reads what they leave.

    `told`: news of every rule, with its second.
    """

    hang_s: float
    level: Level = field(default_factory=Level)
    window: Window = field(default_factory=lambda: Window(GIVEN.window_s))
    told: list[tuple[float, Rule, News]] = field(default_factory=list)
    alerts: dict[Rule, Alert] = field(default_factory=dict)
    breaker: Breaker = field(default_factory=lambda: Breaker(target().breaker.failures, target().breaker.open_s))
    settler: Settler = field(default_factory=lambda: Settler(target(), 4 * MIB))

    def last(self, orders: int, until_s: float) -> "Outage":
        events: list[tuple[float, int, Delivery, bool | None]] = []
        for number in range(orders):
            made = delivery(f"c-{number}", f"duda:shop/{number}", number)
            self.level.change(made.id.encode(), made.to_json(), at(0).timestamp())
            heapq.heappush(events, (0.0, number, made, None))
        watch_s = 0.0
        while events and events[0][0] <= until_s:
            while watch_s <= events[0][0]:
                self.watch(watch_s)
                watch_s += GIVEN.every_s
            now, number, held, probe = heapq.heappop(events)
            if probe is not None:
                if (held := self.failed(held, now, probe=probe)).is_dead:
                    continue
                now, probe = max(now, (held.due_at - at(0)).total_seconds()), None
            elif (wait_s := self.breaker.wait_s(now)) == 0:
                now, probe = now + self.hang_s, self.breaker.take()
            else:
                now += wait_s or 1.0
            heapq.heappush(events, (now, number, held, probe))
        while watch_s <= until_s:
            self.watch(watch_s)
            watch_s += GIVEN.every_s
        return self

    def failed(self, held: Delivery, s: float, *, probe: bool) -> Delivery:
        request = external.request(held.command)
        attempt = Attempt("http://127.0.0.1:9", request, request.headers, at(s - self.hang_s), None, "no answer")
        charged = self.breaker.failed(s, probe=probe)
        settled = self.settler.settle(held, Judged(attempt, Verdict.RETRY, charged, 0.9, at(s)), masker(set()))
        assert settled.delivery is not None
        self.level.change(held.id.encode(), settled.delivery.to_json(), at(s).timestamp())
        for output in settled.outputs:
            if output.topic == topics.OUTCOMES:
                self.window.add(Outcome.from_json(output.value or b""), at(s))
        return settled.delivery

    def watch(self, s: float) -> None:
        for reading in readings(TARGET, self.window.counts(TARGET, at(s)), self.level, GIVEN):
            alert = after(self.alerts.pop(reading.rule, None), reading, GIVEN, at(s))
            if alert is not None and (news := news_of(alert, reading.value, GIVEN, at(s))):
                self.told.append((s, reading.rule, news))
                alert = alert.after_message(news, reading.value, at(s))
            if alert is not None:
                self.alerts[reading.rule] = alert


@pytest.mark.parametrize("hang_s", [0.001, 10.0], ids=["refused", "hanging"])
@pytest.mark.parametrize("orders", [1, 2, 3, 12, 40])
def test_an_outage_from_one_moment_to_the_next_is_told_in_time_and_not_taken_back(orders: int, hang_s: float) -> None:
    """However little is under way: few orders die and many open the breaker."""
    outage = Outage(hang_s).last(orders, 3600)
    (first, *_) = outage.told
    assert first[0] <= TOLD_WITHIN_S
    assert first[1] in (Rule.BREAKER, Rule.DEAD, Rule.ERRORS)
    assert [] == [each for each in outage.told if each[2] is News.RESOLVED]


def test_errors_that_were_told_of_are_not_resolved_by_an_open_breaker() -> None:
    """It fails more and more, then the breaker opens, nothing ends any more, and the window runs empty."""
    outage = Outage(0.001)
    failed = Settler(target(retry_delays_s=[]), 4 * MIB)
    for number in range(100):
        request = external.request(delivery().command)
        attempt = Attempt("http://127.0.0.1:9", request, request.headers, at(-1), None, "no answer")
        judged = Judged(attempt, Verdict.RETRY, True, 0.0, at(-1))
        dead = failed.settle(delivery(f"d-{number}", f"duda:shop/d-{number}"), judged, masker(set()))
        outage.window.add(Outcome.from_json(dead.outputs[0].value or b""), at(-1))
    outage.last(40, 3600)
    assert [(Rule.ERRORS, News.FIRING), (Rule.BREAKER, News.FIRING)] == [(rule, news) for _, rule, news in outage.told]
    assert outage.window.counts(TARGET, at(3600)).attempts == 0
