"""Answers as they go over the wire."""

from aiohttp import web

from ingest.problems import CONTENT_TYPE, Problem, Refusal

JSON = "application/json"
TEXT = "text/plain"
CHALLENGE = 'Orderlog realm="webhooks"'


def accepted(receipt: str) -> web.Response:
    """Exactly 200: some platforms take every other 2xx for a failure (PLATFORMS, Selldone)."""
    return web.Response(body=b'{"status":"accepted","receipt":"' + receipt.encode() + b'"}', content_type=JSON)


def refused(refusal: Refusal) -> web.Response:
    """`application/problem+json`. The connection ends where the rest of the request was not read."""
    problem = refusal.problem
    response = web.Response(
        body=problem.body, status=problem.status, headers=_headers(problem, refusal.allow), content_type=CONTENT_TYPE
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
        **_headers(problem, None),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {problem.status} Refused\r\n{head}\r\n".encode() + problem.body


def _headers(problem: Problem, allow: str | None) -> dict[str, str]:
    headers: dict[str, str] = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if allow is not None:
        headers["Allow"] = allow
    return headers
