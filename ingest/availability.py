"""Whether the broker can be reached: asked of its metadata, so that one bad topic does not stop the others.

While it is known to be gone requests are refused at once instead of queueing up for their deadline; meanwhile it is
asked again and again, and the first answer opens the door. A producer whose writes keep failing though the broker
answers is replaced.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection

import structlog
from confluent_kafka import KafkaException

from ingest.producer import DurableProducer

logger = structlog.get_logger("orderlog.ingest.availability")

CHECK_EVERY_S = 2.0
CHECK_WHILE_DOWN_S = 0.25
CHECK_TIMEOUT_S = 1.0
STUCK_AFTER_S = 10.0


class Availability:
    """`is_up` is None until the first answer. `missing`: topics of ours that the broker does not have."""

    def __init__(
        self,
        topics: Collection[str],
        producer: DurableProducer,
        now_s: Callable[[], float],
        stuck_after_s: float = STUCK_AFTER_S,
    ) -> None:
        self._topics, self._producer, self._now_s = topics, producer, now_s
        producer.on_result = self.on_result
        self._stuck_after_s = stuck_after_s
        self._failing_since_s: float | None = None
        self._doubt = asyncio.Event()
        self.is_up: bool | None = None
        self.missing: tuple[str, ...] = ()

    @property
    def is_down(self) -> bool:
        """True where it is known that no write can succeed."""
        return self.is_up is False

    def on_result(self, ok: bool) -> None:
        """Told of every write. A failure is no verdict, only a reason to ask the broker now."""
        if ok:
            self._failing_since_s = None
            self._verdict(up=True)
            return
        if self._failing_since_s is None and not self.is_down:
            self._failing_since_s = self._now_s()
        self._doubt.set()

    async def watch(self) -> None:
        """Asks for as long as the process lives."""
        while True:
            self._doubt.clear()
            self._verdict(up=await self._ask())
            self._replace_if_stuck()
            if self.is_up:
                await asyncio.sleep(CHECK_WHILE_DOWN_S)  # a burst of failures asks once
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._doubt.wait(), CHECK_EVERY_S)
            else:
                await asyncio.sleep(CHECK_WHILE_DOWN_S)

    async def _ask(self) -> bool:
        try:
            metadata = await asyncio.to_thread(self._producer.client.list_topics, timeout=CHECK_TIMEOUT_S)
        except KafkaException:
            return False
        self.missing = tuple(sorted(set(self._topics) - set(metadata.topics)))
        return True

    def _verdict(self, *, up: bool) -> None:
        if up == self.is_up:
            return
        self.is_up, self._failing_since_s = up, None
        if up:
            logger.info("broker reachable", missing_topics=self.missing)
        else:
            logger.warning("broker unreachable; webhooks are refused with 503 until it answers")

    def _replace_if_stuck(self) -> None:
        since = self._failing_since_s
        if self.is_up and since is not None and self._now_s() - since > self._stuck_after_s:
            self._failing_since_s = None
            self._producer.replace("writes fail though the broker answers")
