"""What a delivery loop says: every line names its record, none shows what is in it."""

import structlog
from prometheus_client import generate_latest

from connectors.intake import Intake
from connectors.queue import DeliveryQueue
from connectors.report import Report
from connectors.settle import Settled
from connectors.vocabulary import Delivery, DeliveryState
from tests.connectors.make import TARGET, at, command, delivery, record

KEY, RECEIPT, TOPIC, PARTITION = "duda:shop/1", "receipt-1", "in", 3


def received(number: int) -> Delivery:
    """A delivery whose webhook is known."""
    made = delivery(f"c-{number}", KEY, sequence=number)
    return made.model_copy(update={"command": made.command.model_copy(update={"receipt": RECEIPT})})


def test_every_line_names_its_record() -> None:
    """Delivered, put off, dead, ignored, redriven, discarded: whoever reads it must find the webhook behind it."""
    late = received(2).model_copy(update={"due_at": at(5), "last_error": "HTTP 500"})
    dead = received(3).model_copy(update={"state": DeliveryState.DEAD, "last_error": "HTTP 422"})
    settled = [
        Settled(received(1), None, at(1)),
        Settled(received(2), late, at(1)),
        Settled(received(3), dead, at(1)),
    ]
    repeat = command("c-4", KEY).model_copy(update={"receipt": RECEIPT})
    intake = Intake(
        redriven=[received(5)],
        discarded=[received(6)],
        ignored=[(record(repeat, offset=4, topic=TOPIC), repeat, "it is pending already")],
    )
    with structlog.testing.capture_logs() as lines:
        Report(TARGET, TOPIC, PARTITION).committed(settled, intake, DeliveryQueue())
    same = {"target": TARGET, "order_key": KEY, "receipt": RECEIPT, "topic": TOPIC, "partition": PARTITION}
    assert [{name: line.get(name) for name in same} for line in lines] == [same] * 6
    assert sorted((line["command_id"], line["offset"]) for line in lines) == [(f"c-{n}", n) for n in range(1, 7)]
    assert "ada@example.com" not in repr(lines)


def test_gauges_of_a_partition_leave_with_it() -> None:
    """Left behind, its last count would be shown by two workers for ever, and sums over workers would be wrong."""
    report = Report("handed-over", TOPIC, PARTITION)
    report.queue(DeliveryQueue([received(1)]))
    assert b'orderlog_deliveries_pending{partition="3",target="handed-over"} 1.0' in generate_latest()
    report.leave()
    assert [] == [line for line in generate_latest().splitlines() if b'partition="3",target="handed-over"' in line]
