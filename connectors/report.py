"""What a delivery loop tells the operators: metrics, and a line where something did not simply work."""

from collections.abc import Sequence

import structlog

from connectors import metrics
from connectors.intake import Intake
from connectors.queue import DeliveryQueue
from connectors.settle import Settled
from connectors.vocabulary import Delivery
from streams.vocabulary import OutcomeResult

log = structlog.get_logger(__name__)


class Report:
    """Of one partition of one target. Call `committed` after the commit only."""

    def __init__(self, target: str, topic: str, number: int) -> None:
        self._target, self._topic, self._number = target, topic, number
        self._pending = metrics.PENDING.labels(target, str(number))
        self._held = metrics.HELD.labels(target, str(number))
        self._ignored = metrics.IGNORED.labels(target)
        self._seconds = metrics.DELIVERY_SECONDS.labels(target)
        self._finished = {result: metrics.FINISHED.labels(target, result.value) for result in OutcomeResult}

    def queue(self, queue: DeliveryQueue) -> None:
        self._pending.set(queue.pending)
        self._held.set(queue.held)

    def leave(self) -> None:
        """The partition is another worker's now: what that one shows counts, and sums over workers count it once."""
        metrics.PENDING.remove(self._target, str(self._number))
        metrics.HELD.remove(self._target, str(self._number))

    def committed(self, settled: Sequence[Settled], intake: Intake, queue: DeliveryQueue) -> None:
        for each in settled:
            self._settled(each)
        for record, command, why in intake.ignored:
            self._ignored.inc()
            log.info(
                "command ignored",
                why=why,
                target=self._target,
                command_id=command.id,
                type=command.type.value,
                order_key=command.order_key,
                receipt=command.receipt,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
            )
        for delivery in intake.redriven:
            log.info("dead letter redriven", **self.where(delivery))
        for delivery in intake.discarded:
            self._finished[OutcomeResult.DISCARDED].inc()
            log.info("dead letter discarded", **self.where(delivery))
        self.queue(queue)

    def superseded(self, dead: Sequence[Delivery]) -> None:
        for delivery in dead:
            log.info("dead letter superseded", **self.where(delivery))

    def _settled(self, settled: Settled) -> None:
        after = settled.delivery
        if after is None:
            self._finished[settled.result].inc()
            self._seconds.observe((settled.at - settled.before.command.created_at).total_seconds())
            if settled.result is OutcomeResult.REFUSED:
                log.warning("refused", attempts=settled.before.attempts + 1, **self.where(settled.before))
            else:
                log.debug("delivered", attempts=settled.before.attempts + 1, **self.where(settled.before))
        elif after.is_dead:
            self._finished[OutcomeResult.DEAD].inc()
            log.warning("dead letter", attempts=after.attempts, error=after.last_error, **self.where(after))
        else:
            log.info(
                "to be tried again",
                attempts=after.attempts,
                charged=after.charged,
                error=after.last_error,
                due_at=after.due_at.isoformat(),
                **self.where(after),
            )

    def where(self, delivery: Delivery) -> dict[str, object]:
        """What finds the delivery again: the facts on each of its log lines."""
        return {
            "target": self._target,
            "command_id": delivery.id,
            "order_key": delivery.key,
            "receipt": delivery.command.receipt,
            "topic": self._topic,
            "partition": self._number,
            "offset": delivery.sequence,
        }
