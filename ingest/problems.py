"""Every way to refuse a webhook, in one table: `reason` → status and what a person may read (RFC 9457). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from streams.platforms import Problem as Invalid

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
INVALID_ORDER = "invalid-order"
FIELDS_MAX = 20
FIELD_CHARS_MAX = 200
MESSAGE_CHARS_MAX = 300
DETAIL_CHARS_MAX = 2000

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
    INVALID_ORDER: (422, "The order cannot be accepted as it is."),
    "rate-limited": (429, "Too many requests; wait before the next."),
    "headers-too-large": (431, "The request line or the headers are larger than is accepted."),
    "token-invalid": (401, "The access token is not one that is issued here now; fetch another."),
    "token-stale": (401, "The access token has expired; fetch another."),
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
    """This request is refused. `allow`: the methods, of a `method-not-allowed`; `challenge`: of a 401 (RFC 9110, 11.6).

    `problem`: one that says more than the table does.
    """

    def __init__(
        self,
        reason: str,
        *,
        allow: str | None = None,
        close: bool = False,
        challenge: str | None = None,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(reason)
        self.problem = PROBLEMS[reason] if problem is None else problem
        self.allow, self.close, self.challenge = allow, close, challenge


def invalid_order(found: Sequence[Invalid]) -> Refusal:
    """The refusal that tells the platform's customer everything that is wrong with the order, under bounds.

    `detail` has all messages in one text, `fields` each with its place.
    """
    shown = found[:FIELDS_MAX]
    fields = [
        {"field": _cut(each.field, FIELD_CHARS_MAX), "message": _cut(each.message, MESSAGE_CHARS_MAX)} for each in shown
    ]
    told = list(dict.fromkeys(each["message"] for each in fields))
    if len(found) > len(shown):
        told.append(f"({len(found) - len(shown)} more)")
    more: dict[str, object] = {"detail": _cut(" ".join(told), DETAIL_CHARS_MAX), "fields": fields}
    return Refusal(INVALID_ORDER, problem=_problem(INVALID_ORDER, *_TABLE[INVALID_ORDER], more))


def _cut(text: str, chars_max: int) -> str:
    """At most `chars_max` characters, and none that UTF-8 cannot carry."""
    short = text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"
    return short.encode("utf-8", "replace").decode()


def _problem(reason: str, status: int, title: str, more: dict[str, object] | None = None) -> Problem:
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "reason": reason} | (more or {}))
    return Problem(reason, status, body, RETRY_AFTER_S if status in (429, 503) else None)


PROBLEMS: dict[str, Problem] = {
    f"{what}-{how}": _problem(f"{what}-{how}", status, f"{name} {said}")
    for what, name in _AUTH.items()
    for how, (status, said) in _AUTH_SAYS.items()
} | {reason: _problem(reason, *said) for reason, said in _TABLE.items()}
