"""The stand-in for an incoming webhook of Slack: `POST /services/<token>` with `{"text"}`; `/_sandbox/slack/messages`.

As Slack's: it answers `ok`, 403 for a token that it does not know, 400 `no_text`, and 429 with `Retry-After` past
`messages_max` in any second.
"""

import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from aiohttp import web

from connectors.sandbox import answers
from connectors.sandbox.commerceos.window import SlidingWindow
from connectors.sandbox.door import Door
from connectors.sandbox.faults import Faults

PATH, ADMIN = "/services", "/_sandbox/slack"
MESSAGES_MAX = 10_000
TEXT_CHARS_MAX = 40_000


@dataclass(frozen=True, slots=True)
class Message:
    """One that was taken."""

    at: datetime
    text: str


class SlackApi:
    """`messages`: the last ones, oldest first."""

    def __init__(
        self,
        token: str,
        faults: Faults,
        *,
        messages_max: int = 1,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.door, self.messages = Door(faults, now), deque[Message](maxlen=MESSAGES_MAX)
        self._token, self._messages_max, self._clock = token.encode(), messages_max, clock
        self._window = SlidingWindow()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post(f"{PATH}/{{token:.+}}", self.post_message)
        app.router.add_get(f"{ADMIN}/messages", answers.loopback(self.get_messages))
        self.door.add_admin(app, ADMIN, self._stats)

    async def post_message(self, request: web.Request) -> web.StreamResponse:
        return await self.door.admit(request, "message", {}, lambda: self._refused(request), self._done)

    async def get_messages(self, request: web.Request) -> web.StreamResponse:
        """Every message that was taken, as NDJSON."""
        return await answers.ndjson(request, [orjson.dumps(message) for message in list(self.messages)])

    def _refused(self, request: web.Request) -> web.Response | None:
        token = request.match_info["token"].encode("utf-8", "replace")
        if not hmac.compare_digest(token, self._token):
            return web.Response(status=403, text="invalid_token")
        if self._window.wait_s(self._clock(), self._messages_max, 1.0) > 0:
            return web.Response(status=429, text="rate_limited", headers={"Retry-After": "1"})
        return None

    def _done(self, body: bytes) -> web.Response:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return web.Response(status=400, text="invalid_payload")
        text = document.get("text") if isinstance(document, dict) else None
        if not isinstance(text, str) or not text:
            return web.Response(status=400, text="no_text")
        if len(text) > TEXT_CHARS_MAX:
            return web.Response(status=400, text="msg_too_long")
        self.messages.append(Message(self.door.now(), text))
        return web.Response(text="ok")

    def _stats(self) -> Mapping[str, object]:
        return {"messages": len(self.messages), "limited": self._window.refused}
