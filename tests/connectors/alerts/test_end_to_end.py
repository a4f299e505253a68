"""Alerts over real workers and a real broker. Invariant: each is told once, and once more only where a kill says so."""

from pathlib import Path

from connectors.alerts.alert import News
from connectors.alerts.cli import command as ask_for_a_message
from connectors.alerts.rules import Rule
from connectors.sandbox.faults import Faults
from streams import topics
from streams.settings import load
from streams.vocabulary import CommandType
from tests.connectors.alerts.harness import SLACK_TOKEN, alerting
from tests.connectors.harness import until
from tests.connectors.test_delivery import BROKEN

DEAD = "dead-letters*"


async def test_an_alert_is_told_once_through_outages_of_the_webhook_and_kills(kafka: str, tmp_path: Path) -> None:
    """Two workers, one voice. Killed before the message: it comes; after it and before its note: once more."""
    async with alerting(kafka, tmp_path, slots=2, alerts={"resolve_after_s": 1}) as made:
        made.slack.door.faults = Faults(error_rate=1)
        first, second = (
            made.command(number, f"duda:shop/{number}").model_copy(update={"data": BROKEN}) for number in (1, 2)
        )
        await made.send([first, made.command(3, "duda:shop/3")])
        await made.wait_for_outcomes(2)
        await until(lambda: made.slack.door.requests, "the webhook is tried")
        assert (made.texts(), made.killed()) == ([], 0), "a webhook that is down stops no delivery and no worker"
        made.die_at("sent:1")
        made.slack.door.faults = Faults()
        await made.wait_for(DEAD, 2)
        await made.died(1)
        await made.noted(Rule.DEAD, News.FIRING)
        await made.decide(CommandType.DISCARD, first)
        told = await made.wait_for(DEAD, 3)
        assert ["resolved" in text for text in told] == [False, False, True], "once more, for it could not be noted"
        made.die_at("known:1")
        await made.send([second])
        await made.died(2)
        await made.wait_for(DEAD, 4)
        await made.noted(Rule.DEAD, News.FIRING)
        for worker in made.workers:
            worker.kill()
        await until(lambda: made.killed() == 4, "both are killed")
        await made.decide(CommandType.DISCARD, second)
        told = await made.wait_for(DEAD, 5)
        ask_for_a_message(load(made.config, {}), "ada")
        await until(lambda: "ada asked" in made.texts()[-1], "the message that was asked for")
        assert ["resolved" in text for text in made.texts(DEAD)] == [False, False, True, False, True]
        assert told[0].startswith(f":red_circle: *dead-letters* at *{made.name}*: 1 dead letters wait")
        assert "duda:shop" not in "".join(message.text for message in made.slack.messages)
        log, records = made.log(), await made.read(topics.ALERTS)
    assert "alerts cannot be told" in log
    assert [] == [leak for leak in (SLACK_TOKEN, "/services/") if leak in log]
    assert all(SLACK_TOKEN.encode() not in (record.value or b"") for record in records)


async def test_an_outage_of_a_target_is_told_while_it_lasts(kafka: str, tmp_path: Path) -> None:
    """Nothing ends while a breaker is open, so no outcome could tell of it: the delivery table does."""
    async with alerting(
        kafka,
        tmp_path,
        alerts={"waiting": 20, "resolve_after_s": 0.5},
        retry_delays_s=[0, 0, 0, 0, 0],
        breaker={"failures": 3, "open_s": 0.3},
    ) as made:
        made.external.faults = Faults(error_rate=1)
        await made.send(made.commands(40, keys=40))
        (waiting,) = await made.wait_for("waiting*", 1)
        (opened,) = await made.wait_for("breaker-open*", 1)
        assert "deliveries wait (threshold 20)" in waiting
        assert f"at *{made.name}*: the breaker is open" in opened
        made.external.faults = Faults()
        await made.wait_for_outcomes(40)
        assert "resolved" in (await made.wait_for("waiting*", 2))[1]
        assert "resolved" in (await made.wait_for("breaker-open*", 2))[1]
