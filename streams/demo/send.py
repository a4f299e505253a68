"""Sends webhooks as platforms do: at a rate, side by side, and again where no answer or a 5xx comes."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import aiohttp
import orjson

from streams.demo.evidence import Sent
from streams.demo.sign import headers
from streams.demo.webhook import Kind, Webhook

IN_FLIGHT_MAX = 64
ATTEMPT_TIMEOUT_S = 8.0
GIVE_UP_AFTER_S = 60.0
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)

Progress = Callable[[int], None]


class Sender:
    """One run's traffic. `secrets`: source → secret. `sent` fills as answers come."""

    def __init__(self, url: str, secrets: Mapping[str, bytes], clock: Callable[[], float] = time.time) -> None:
        self.sent: list[Sent] = []
        self._url, self._secrets, self._clock = url, secrets, clock

    async def run(self, webhooks: Sequence[Webhook], rate_per_s: float, progress: Progress) -> None:
        """Returns when every webhook has its answer, or has been given up. `progress(how many are finished)`."""
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT_MAX)
        async with aiohttp.ClientSession(connector=connector) as session:
            examples = [webhook for webhook in webhooks if webhook.kind is Kind.EXAMPLE]
            for webhook in examples:  # one after the other: what becomes of them is for the reader to see
                await self._finish(session, webhook, progress)
            await self._spread(session, webhooks[len(examples) :], rate_per_s, progress)

    async def _spread(
        self, session: aiohttp.ClientSession, webhooks: Sequence[Webhook], rate_per_s: float, progress: Progress
    ) -> None:
        slots, started = asyncio.Semaphore(IN_FLIGHT_MAX), time.monotonic()

        async def one(webhook: Webhook) -> None:
            try:
                await self._finish(session, webhook, progress)
            finally:
                slots.release()

        async with asyncio.TaskGroup() as group:
            for number, webhook in enumerate(webhooks):
                await asyncio.sleep(max(0.0, started + number / rate_per_s - time.monotonic()))
                await slots.acquire()
                group.create_task(one(webhook))

    async def _finish(self, session: aiohttp.ClientSession, webhook: Webhook, progress: Progress) -> None:
        self.sent.append(await self._send(session, webhook))
        progress(len(self.sent))

    async def _send(self, session: aiohttp.ClientSession, webhook: Webhook) -> Sent:
        give_up_at, attempts = time.monotonic() + GIVE_UP_AFTER_S, 0
        while True:
            status, receipt = await self._attempt(session, webhook)
            answered_at_s, attempts = self._clock(), attempts + 1
            final = status is not None and status < 500 and status != 429
            if final or time.monotonic() > give_up_at:
                return Sent(webhook, attempts, status if final else None, receipt, answered_at_s)
            await asyncio.sleep(BACKOFF_S[min(attempts, len(BACKOFF_S)) - 1])

    async def _attempt(self, session: aiohttp.ClientSession, webhook: Webhook) -> tuple[int | None, str | None]:
        """The answer's status and receipt; no status where no whole answer came."""
        sign = headers(webhook, self._secrets, int(self._clock() * 1000))
        timeout = aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT_S)
        try:
            url = f"{self._url}/webhooks/{webhook.source}"
            async with session.post(url, data=webhook.body, headers=sign, timeout=timeout) as answer:
                body = await answer.read()
                return answer.status, _receipt(body) if answer.ok else None
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None, None


def _receipt(body: bytes) -> str | None:
    """None where the answer has none: then the checker will not find it in Kafka either."""
    try:
        receipt = orjson.loads(body).get("receipt")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return receipt if isinstance(receipt, str) else None
