"""`DeadLetter`: a command that was given up, with everything a person needs to decide what to do."""

from pydantic import Field

from streams.vocabulary.base import PII_DOCUMENT, Time, Whole
from streams.vocabulary.command import Command


class HttpExchange(Whole):
    """One request and its answer, secrets masked, bodies cut to a bound. `status` is absent where no answer came."""

    method: str
    url: str
    request_headers: dict[str, str]
    request_body: str = Field(json_schema_extra=PII_DOCUMENT)
    status: int | None = None
    response_headers: dict[str, str] | None = None
    response_body: str | None = Field(default=None, json_schema_extra=PII_DOCUMENT)
    error: str | None = None
    at: Time


class DeadLetter(Whole):
    """`reason` is stable (`rejected`, `retries-exhausted`, `unprocessable`), `error` is for people: what is wrong.

    `exchange` is the last attempt.
    """

    id: str
    command: Command
    exchange: HttpExchange | None = None
    attempts: int
    reason: str
    error: str | None = None
    at: Time
