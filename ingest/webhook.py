"""The one handler: bound → authenticate the raw bytes → identify the order → write it durably → answer.

    1. the source and its method            unknown-source, method-not-allowed
    2. room for one more                    overloaded, broker-unavailable: at once, nothing is read
    3. the body, under its bounds           body-too-large, request-timeout, body-incomplete, …
    4. the sender is who it says            signature-…, token-…, credentials-…
    5. which order, which event             never refuses: what names no order is kept under its receipt id
    6. an order that its customer must mend invalid-order, for the platforms that show the answer to their customer
    7. the raw record, acknowledged by all in-sync replicas, and only then 200

A body that is authentic and not an order (not even JSON) is stored all the same: normalise puts it into quarantine.
"""

import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import structlog
from aiohttp import web

from ingest import metrics
from ingest.answers import Accepted, Answer, refused
from ingest.auth import AuthError, Presented
from ingest.availability import Availability
from ingest.body import read_body
from ingest.problems import Refusal, invalid_order
from ingest.producer import DurableProducer, Stored
from ingest.record import Request, event_name, header_fields, query_fields, raw_record
from ingest.refusals import Refusals
from ingest.sources import Sender, Validate
from streams.platforms import Identity
from streams.record import Output
from streams.settings.model import Ingest

logger = structlog.get_logger("orderlog.ingest.webhook")

FRAMES_MAX = 5


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall_s`: seconds since the epoch; `monotonic_s`: for durations."""

    wall_s: Callable[[], float]
    monotonic_s: Callable[[], float]


@dataclass(slots=True)
class Trace:
    """What is known of a request so far, for the log and the metrics."""

    source: str = metrics.NO_SOURCE
    event: str | None = None
    receipt: str | None = None
    order_key: str | None = None
    topic: str | None = None

    def facts(self) -> dict[str, str]:
        """What to put on a log line."""
        known = {"source": self.source, "receipt": self.receipt, "order_key": self.order_key, "topic": self.topic}
        return {name: value for name, value in known.items() if value is not None}


class Webhooks:
    """Answers `/webhooks/<source>` and `/webhooks/<source>/<token>`."""

    def __init__(
        self,
        settings: Ingest,
        senders: Mapping[str, Sender],
        producer: DurableProducer,
        availability: Availability,
        refusals: Refusals,
        clock: Clock,
        *,
        log_accepted: bool = False,
    ) -> None:
        self._settings, self._senders = settings, senders
        self._producer, self._availability = producer, availability
        self._refusals, self._clock, self._log_accepted = refusals, clock, log_accepted
        self._counts = metrics.WebhookCounts({name: sender.platform.EVENTS for name, sender in senders.items()})
        self.in_flight = 0
        self.closing = False

    async def __call__(self, http: web.BaseRequest, path: str, query: str) -> Answer:
        """`path` is what follows `/webhooks/`, not decoded; `query` is the query string, not decoded."""
        trace = Trace()
        response: Answer
        try:
            sender, token = self._sender(http.method, path, trace)
            response = await self._bounded(http, sender, token, query, trace)
        except Refusal as refusal:
            response = self._refuse(refusal, trace)
        except Exception as error:
            logger.exception("webhook failed", error=type(error).__name__, **trace.facts())
            response = self._refuse(Refusal("internal-error", close=True), trace)
        if self.closing:
            response.force_close()
        return response

    def _sender(self, method: str, path: str, trace: Trace) -> tuple[Sender, str | None]:
        name, _, rest = path.partition("/")
        sender = self._senders.get(name)
        if sender is None:
            raise Refusal("unknown-source")
        trace.source = name
        if rest and ("/" in rest or not sender.verifier.reads_path):
            raise Refusal("not-found")
        if method not in sender.methods:
            raise Refusal("method-not-allowed", allow=sender.allow)
        return sender, unquote(rest) if rest else None

    async def _bounded(
        self, http: web.BaseRequest, sender: Sender, token: str | None, query: str, trace: Trace
    ) -> Accepted:
        if self._availability.is_down:
            raise Refusal("broker-unavailable")
        if self.in_flight >= self._settings.in_flight_max:
            raise Refusal("overloaded")
        self.in_flight += 1
        try:
            return await self._receive(http, sender, token, query, trace)
        finally:
            self.in_flight -= 1

    async def _receive(
        self, http: web.BaseRequest, sender: Sender, token: str | None, query: str, trace: Trace
    ) -> Accepted:
        settings, clock = self._settings, self._clock
        body = await read_body(http, bytes_max=settings.max_body_bytes, timeout_s=settings.body_timeout_s)
        started_s, received_at_s = clock.monotonic_s(), clock.wall_s()
        request = Request(http.method, header_fields(http.raw_headers), query_fields(query), body)
        self._authenticate(sender, request, token, received_at_s)
        receipt = uuid.uuid4().hex
        trace.receipt, trace.topic = receipt, sender.topic
        identity = self._identify(sender, request, trace)
        record = raw_record(sender, request, identity, receipt=receipt, received_at_s=received_at_s)
        trace.event, trace.order_key = event_name(identity), (record.key or b"").decode()
        if sender.validate is not None:
            self._validate(sender.validate, request, trace)
        stored = await self._producer.send(record)
        self._accept(trace, record, stored, clock.monotonic_s() - started_s)
        return Accepted(receipt, received_at_s)

    def _authenticate(self, sender: Sender, request: Request, token: str | None, now_s: float) -> None:
        presented = Presented(request.body, request.headers, request.query, token)
        try:
            sender.verifier.check(presented, now_s)
        except AuthError as error:
            raise Refusal(error.reason, challenge=sender.verifier.challenge) from None

    def _identify(self, sender: Sender, request: Request, trace: Trace) -> Identity:
        """A decoder's bug must not lose a webhook."""
        try:
            return sender.platform.identify(request.body, request.last_query)
        except Exception as error:  # it promises not to raise; if it does, the record is kept under its receipt id
            logger.error("identify failed", error=type(error).__name__, at=_where(error), **trace.facts())  # noqa: TRY400
            return Identity(None, None)

    def _validate(self, validate: Validate, request: Request, trace: Trace) -> None:
        """Nor must a validator's bug: what it cannot judge is kept. Raises `Refusal("invalid-order")`."""
        try:
            problems = validate(request.body, request.last_query)
            refusal = invalid_order(problems) if problems else None
        except Exception as error:
            logger.error("validate failed", error=type(error).__name__, at=_where(error), **trace.facts())  # noqa: TRY400
            return
        if refusal is not None:
            trace.receipt = None  # there will be no such record
            raise refusal

    def _accept(self, trace: Trace, record: Output, stored: Stored, seconds: float) -> None:
        self._counts.count(trace.source, trace.event, metrics.ACCEPTED)
        metrics.DURABLE_SECONDS.observe(seconds)
        metrics.BODY_BYTES.observe(len(record.value or b""))
        if self._log_accepted:
            logger.debug("webhook accepted", partition=stored.partition, offset=stored.offset, **trace.facts())

    def _refuse(self, refusal: Refusal, trace: Trace) -> web.Response:
        reason = refusal.problem.reason
        self._counts.count(trace.source, trace.event, reason)
        self._refusals.note(reason, **trace.facts())
        return refused(refusal)


def _where(error: Exception) -> str:
    """The places in the code, without the error's own words: those of a decoder quote the order."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return " < ".join(f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in reversed(frames))
