"""Whether Kafka can be reached: while it is known to be gone, requests are refused at once instead of one by one."""

import asyncio

import structlog
from confluent_kafka import Consumer, KafkaException

from connectors.deadletters.log import client

logger = structlog.get_logger("orderlog.projections.broker")

CHECK_EVERY_S = 2.0
CHECK_WHILE_DOWN_S = 0.25
CHECK_TIMEOUT_S = 1.0


class Broker:
    """`is_up` is None until the first answer, and `known` is set from then on."""

    def __init__(self, bootstrap: str) -> None:
        self.is_up: bool | None = None
        self.known = asyncio.Event()
        self._consumer = Consumer({**client(bootstrap), "group.id": "orderlog-projections"})

    async def watch(self) -> None:
        """Asks for as long as the process lives."""
        while True:
            up = await asyncio.to_thread(self._answers)
            if up != self.is_up:
                self.is_up = up
                logger.info("broker reachable") if up else logger.warning("broker unreachable")
            self.known.set()
            await asyncio.sleep(CHECK_EVERY_S if up else CHECK_WHILE_DOWN_S)

    def close(self) -> None:
        self._consumer.close()

    def _answers(self) -> bool:
        try:
            self._consumer.list_topics(timeout=CHECK_TIMEOUT_S)
        except KafkaException:
            return False
        return True
