"""Sends webhooks as platforms do: at a rate, side by side, and again where no answer or a 5xx comes.

What a platform's API says of an order is put there before its webhook is sent, one thing after the other.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence

import aiohttp
import orjson

from streams.demo.apis import ApiFailed, Apis
from streams.demo.evidence import Sent
from streams.demo.platforms import commerceos
from streams.demo.sign import sign
from streams.demo.traffic import Plan
from streams.demo.webhook import COMMERCEOS, Kind, Put, Webhook

IN_FLIGHT_MAX = 64
ATTEMPT_TIMEOUT_S = 8.0
GIVE_UP_AFTER_S = 60.0
UNAUTHORISED = 401
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)

Progress = Callable[[int], None]


class Sender:
    """One run's traffic. `secrets`: source → secret. `sent` and `puts` fill as it goes."""

    def __init__(
        self, url: str, secrets: Mapping[str, bytes], apis: Apis, clock: Callable[[], float] = time.time
    ) -> None:
        self.sent: list[Sent] = []
        self.puts: list[Put] = []
        self._url, self._secrets, self._apis, self._clock = url, secrets, apis, clock
        self._clients = {COMMERCEOS: commerceos.CLIENT_ID}  # who signs with a token that it fetches from us
        self._tokens: dict[str, bytes] = {}

    async def run(self, plan: Plan, rate_per_s: float, progress: Progress) -> None:
        """Returns when every webhook has its answer, or has been given up. `progress(how many are finished)`.

        Raises `ApiFailed` where a stand-in API does not take what it is to hold.
        """
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT_MAX)
        async with aiohttp.ClientSession(connector=connector) as session:
            examples = [webhook for webhook in plan.webhooks if webhook.kind is Kind.EXAMPLE]
            for webhook in examples:  # one after the other: what becomes of them is for the reader to see
                await self._finish(session, webhook, progress)
            await self._spread(session, plan, plan.webhooks[len(examples) :], rate_per_s, progress)

    async def _spread(
        self,
        session: aiohttp.ClientSession,
        plan: Plan,
        webhooks: Sequence[Webhook],
        rate_per_s: float,
        progress: Progress,
    ) -> None:
        slots, started = asyncio.Semaphore(IN_FLIGHT_MAX), time.monotonic()
        failed: list[BaseException] = []

        async def one(webhook: Webhook) -> None:
            try:
                await self._finish(session, webhook, progress)
            finally:
                slots.release()

        try:
            async with asyncio.TaskGroup() as group:
                for number, webhook in enumerate(webhooks):
                    await asyncio.sleep(max(0.0, started + number / rate_per_s - time.monotonic()))
                    for put in plan.puts.get(webhook.number, ()):
                        await self._apis.put(session, put)
                        self.puts.append(put)
                    await slots.acquire()
                    group.create_task(one(webhook))
        except* ApiFailed as group_of_one:
            failed += group_of_one.exceptions
        if failed:
            raise failed[0]

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
        try:
            if webhook.source in self._clients and webhook.source not in self._tokens:
                self._tokens[webhook.source] = await self._token(session, webhook.source)
            status, body = await self._ask(session, webhook)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None, None
        if status == UNAUTHORISED and webhook.source in self._tokens and not webhook.kind.is_hostile:
            del self._tokens[webhook.source]  # it has expired: the next attempt fetches another
            return None, None
        return status, _receipt(body) if 200 <= status < 300 else None

    async def _ask(self, session: aiohttp.ClientSession, webhook: Webhook) -> tuple[int, bytes]:
        request = webhook.request
        signed = sign(webhook, {**self._secrets, **self._tokens}, int(self._clock() * 1000))
        async with session.request(
            request.method,
            f"{self._url}/webhooks/{webhook.source}",
            params=[*request.query, *signed.query],
            data=request.body or None,
            headers=signed.headers,
            timeout=aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT_S),
        ) as answer:
            return answer.status, await answer.read()

    async def _token(self, session: aiohttp.ClientSession, source: str) -> bytes:
        """An access token for the client's secret, by our own token endpoint (RFC 6749, 4.4)."""
        credentials = self._clients[source].encode() + b":" + self._secrets[source]
        form = {"grant_type": "client_credentials", "scope": commerceos.SCOPE}
        async with session.post(
            f"{self._url}/oauth/token",
            data=form,
            headers={"authorization": f"Basic {b64encode(credentials).decode()}"},
            timeout=aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT_S),
            raise_for_status=True,
        ) as answer:
            token: str = (await answer.json())["access_token"]
            return token.encode()


def _receipt(body: bytes) -> str | None:
    """None where the answer has none: then the checker will not find it in Kafka either."""
    try:
        receipt = orjson.loads(body).get("receipt")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return receipt if isinstance(receipt, str) else None
