"""Every way to refuse a webhook, in one table: `reason` → status and what a person may read (RFC 9457). Pure."""

from dataclasses import dataclass

import orjson

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 1

# Reasons that are not of authentication. DESIGN section 8, a contract: stable.
_TABLE: dict[str, tuple[int, str]] = {
    "bad-request": (400, "This is not a well-formed HTTP request."),
    "body-incomplete": (400, "The body ended before it was complete."),
    "body-undecodable": (400, "The body is not what its Content-Encoding says."),
    "query-malformed": (400, "The query string has too many parameters."),
    "unknown-source": (404, "No source has this name."),
    "not-found": (404, "There is nothing at this path."),
    "method-not-allowed": (405, "This method is not used here."),
    "request-timeout": (408, "The request did not arrive in time."),
    "body-too-large": (413, "The body is larger than is accepted."),
    "unsupported-encoding": (415, "Content-Encoding may be gzip, deflate or identity."),
    "headers-too-large": (431, "The request line or the headers are larger than is accepted."),
    "internal-error": (500, "This should not have happened; nothing was stored."),
    "broker-unavailable": (503, "The webhook could not be stored; send it again."),
    "overloaded": (503, "Too many webhooks at once; send it again."),
    "topic-missing": (503, "The broker lacks a topic of a source; run orderlog topics."),
    "shutting-down": (503, "This server is being stopped; send it again."),
}
_AUTH = {
    "signature": "The signature",
    "token": "The token",
    "credentials": "The credentials",  # a word
}
_AUTH_SAYS = {
    "missing": (401, "is missing."),
    "malformed": (401, "cannot be read."),
    "mismatch": (403, "does not match."),
    "stale": (403, "is too old, or its time lies in the future."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as it is answered. `retry_after_s` is set exactly where sending again later will help."""

    reason: str
    status: int
    body: bytes
    retry_after_s: int | None


class Refusal(Exception):
    """This request is refused. `allow`: the methods, of a `method-not-allowed`."""

    def __init__(self, reason: str, *, allow: str | None = None, close: bool = False) -> None:
        super().__init__(reason)
        self.problem = PROBLEMS[reason]
        self.allow = allow
        self.close = close


def _problem(reason: str, status: int, title: str) -> Problem:
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "reason": reason})
    return Problem(reason, status, body, RETRY_AFTER_S if status == 503 else None)


PROBLEMS: dict[str, Problem] = {reason: _problem(reason, *said) for reason, said in _TABLE.items()} | {
    f"{what}-{how}": _problem(f"{what}-{how}", status, f"{name} {said}")
    for what, name in _AUTH.items()
    for how, (status, said) in _AUTH_SAYS.items()
}
