"""Answers as they go over the wire."""

from email.utils import formatdate
from functools import lru_cache

from aiohttp import HttpVersion11, web

from ingest.problems import CONTENT_TYPE, Problem, Refusal

JSON = "application/json"
CRLF = "\r\n"
CHALLENGE = 'Orderlog realm="webhooks"'
# RFC 6750 section 3.1: the sender fetches another token when it reads this.
INVALID_TOKEN = ', error="invalid_token"'  # noqa: S105 - a parameter of a challenge
FETCH_ANOTHER = frozenset(("token-invalid", "token-stale"))
SERVER = "orderlog"


class Accepted:
    """The answer to a stored webhook, and all of a response that aiohttp's protocol asks for.

    Written in one piece without the machinery of `web.Response`: that took a third of a bare echo's time (measured).
    Exactly 200: some platforms take every other 2xx for a failure (PLATFORMS, Selldone).
    """

    __slots__ = ("_now_s", "_receipt", "keep_alive")

    def __init__(self, receipt: str, now_s: float) -> None:
        self._receipt, self._now_s = receipt, int(now_s)
        self.keep_alive: bool | None = None

    def force_close(self) -> None:
        """The connection ends after this answer."""
        self.keep_alive = False

    async def prepare(self, request: web.BaseRequest) -> None:
        """Writes the answer. Raises `ConnectionError` where the client is gone."""
        if self.keep_alive is None:
            self.keep_alive = request.keep_alive
        body = f'{{"status":"accepted","receipt":"{self._receipt}"}}'
        connection = "" if request.version >= HttpVersion11 else "Connection: keep-alive\r\n"
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
            f"Date: {_http_date(self._now_s)}\r\nServer: {SERVER}\r\n"
            f"{connection if self.keep_alive else 'Connection: close' + CRLF}{CRLF}"
        )
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        transport.write(f"{head}{body}".encode())
        await request.writer.drain()

    async def write_eof(self) -> None:
        """Everything was written by `prepare`."""


Answer = web.Response | Accepted


def refused(refusal: Refusal) -> web.Response:
    """`application/problem+json`. The connection ends where the rest of the request was not read."""
    problem = refusal.problem
    response = web.Response(
        body=problem.body,
        status=problem.status,
        headers=_headers(problem, refusal.allow, refusal.challenge),
        content_type=CONTENT_TYPE,
    )
    if refusal.close:
        response.force_close()
    return response


def raw_problem(problem: Problem) -> bytes:
    """The same without a request to answer; the connection ends after it."""
    fields = {
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(problem.body)),
        "Connection": "close",
        **_headers(problem),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {problem.status} Refused\r\n{head}\r\n".encode() + problem.body


@lru_cache(maxsize=2)
def _http_date(now_s: int) -> str:
    return formatdate(now_s, usegmt=True)


def _headers(problem: Problem, allow: str | None = None, challenge: str | None = None) -> dict[str, str]:
    headers = {"Server": SERVER}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401:
        headers["WWW-Authenticate"] = (challenge or CHALLENGE) + (
            INVALID_TOKEN if problem.reason in FETCH_ANOTHER else ""
        )
    if allow is not None:
        headers["Allow"] = allow
    return headers
