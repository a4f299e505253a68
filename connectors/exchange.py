"""One request and its answer as values, and how they are shown to a person: secrets masked, bodies cut. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams.vocabulary import HttpExchange

MASK = "***"
# Shorter ones cannot be told from ordinary text.
SECRET_CHARS_MIN = 4
MASKED_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-auth-token"}
)
ERROR_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What a target module makes of a command. `path` is appended to the target's base URL.

    Where one command takes several requests: `purpose` is the module's own word for what this one asks for, `memo`
    what it has to remember of those before.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    purpose: str = ""
    memo: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower case; `body` is cut to the target's `response_bytes_max`: `is_cut`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that is over. Without an `answer` there is an `error`: what the network said."""

    url: str
    request: Request
    sent_headers: Mapping[str, str]
    at: datetime
    answer: Answer | None = None
    error: str | None = None

    @property
    def status(self) -> int | None:
        return self.answer.status if self.answer else None


@dataclass(frozen=True, slots=True)
class Masker:
    """Hides what is secret: by header name, and wherever one of the secrets themselves turns up."""

    secrets: frozenset[str] = field(default_factory=frozenset, repr=False)

    def text(self, text: str) -> str:
        for secret in sorted(self.secrets, key=len, reverse=True):
            if len(secret) >= SECRET_CHARS_MIN:
                text = text.replace(secret, MASK)
        return text

    def body(self, body: bytes) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.text(body.decode("utf-8", "replace"))

    def finds(self, body: bytes) -> bool:
        """Whether one of the secrets is in it."""
        return any(len(secret) >= SECRET_CHARS_MIN and secret.encode() in body for secret in self.secrets)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: MASK if name.lower() in MASKED_HEADERS else self.text(value) for name, value in headers.items()}


def shown(attempt: Attempt, masker: Masker, body_chars_max: int) -> HttpExchange:
    """The whole exchange, for a dead letter; bodies are cut to `body_chars_max`, with a note of how long they were."""
    answer = attempt.answer
    return HttpExchange(
        method=attempt.request.method,
        url=masker.text(attempt.url),
        request_headers=masker.headers(attempt.sent_headers),
        request_body=cut(masker.body(attempt.request.body), body_chars_max),
        status=attempt.status,
        response_headers=masker.headers(answer.headers) if answer else None,
        response_body=cut(masker.body(answer.body), body_chars_max) if answer else None,
        error=masker.text(attempt.error)[:ERROR_CHARS_MAX] if attempt.error else None,
        at=attempt.at,
    )


def cut(text: str, chars_max: int) -> str:
    """At most `chars_max` of it. Mask before: half a secret is not recognised."""
    return text if len(text) <= chars_max else f"{text[:chars_max]}… ({len(text)} characters)"


def masker(secrets: Iterable[str]) -> Masker:
    return Masker(frozenset(secrets))
