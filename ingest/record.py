"""The raw record of a webhook (DESIGN section 7, a contract). Pure.

Query and headers are each one JSON object in a Kafka header of its own, so a parameter can never pass for a header. A
name that came once has a string, one that came more than once the list of its values in their order. Header names are
in lower case; bytes that are not UTF-8 are written as `\\xNN`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import orjson

from ingest.auth import Verifier
from ingest.problems import Refusal
from ingest.sources import Sender
from streams import cloudevents
from streams.platforms import Identity
from streams.record import Output

MASK = "***"
KEY_BYTES_MAX = 1024
EVENT_CHARS_MAX = 100
QUERY_FIELDS_MAX = 100
# Shorter secrets are only masked where they are the whole value, or every value with that letter would be masked.
MASK_CHARS_MIN = 6
OCTETS = b"application/octet-stream"
_CREDENTIAL_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie", "x-orderlog-token"))
_CREDENTIAL_QUERY = frozenset(("token", "access_token"))

Fields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request without its socket. `body` is the decoded entity, byte for byte."""

    method: str
    headers: Fields
    query: Fields
    body: bytes

    @property
    def last_query(self) -> dict[str, str]:
        """The query as platforms read it: a repeated parameter counts with its last value."""
        return {name: values[-1] for name, values in self.query.items()}


def header_fields(raw: Iterable[tuple[bytes, bytes]]) -> Fields:
    """Raw headers by name in lower case, each with all its values."""
    fields: Fields = {}
    for name, value in raw:
        fields.setdefault(name.decode("ascii", "backslashreplace").lower(), []).append(
            value.decode("utf-8", "backslashreplace")
        )
    return fields


def query_fields(query: str) -> Fields:
    """A query string, not decoded yet. Raises `Refusal("query-malformed")` past `QUERY_FIELDS_MAX` parameters."""
    fields: Fields = {}
    if not query:
        return fields
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="backslashreplace", max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        raise Refusal("query-malformed") from None
    for name, value in pairs:
        fields.setdefault(_text(name), []).append(_text(value))
    return fields


def order_key(sender: Sender, identity: Identity, receipt: str) -> bytes:
    """`<source>:<native id>`, or the receipt id where the webhook names no order (or one of absurd length)."""
    text = identity.order_key or (f"{sender.name}:{identity.native_id}" if identity.native_id else None)
    if text is not None:
        key = text.encode("utf-8", "backslashreplace")
        if len(key) <= KEY_BYTES_MAX:
            return key
    return receipt.encode()


def event_name(identity: Identity) -> str:
    """The platform's word for the event, or `unknown` where it gave none that fits on a line."""
    event = identity.event
    return event if event and len(event) <= EVENT_CHARS_MAX and event.isprintable() else "unknown"


def raw_record(sender: Sender, request: Request, identity: Identity, *, receipt: str, received_at_s: float) -> Output:
    """The record to write. No credential is in it; the signature headers are, so that they can be checked again."""
    headers = cloudevents.headers(
        id=receipt,
        source=sender.path,
        type=f"webhook.{sender.platform.NAME}.{event_name(identity)}",
        time=datetime.fromtimestamp(received_at_s, UTC),
        content_type=_content_type(request.headers),
    )
    verifier = sender.verifier
    kept_query = _kept(request.query, verifier.credential_query | _CREDENTIAL_QUERY, verifier)
    kept_headers = _kept(request.headers, verifier.credential_headers | _CREDENTIAL_HEADERS, verifier)
    headers.append((cloudevents.HTTP_METHOD, request.method.encode()))
    headers.append((cloudevents.HTTP_QUERY, orjson.dumps(kept_query)))
    headers.append((cloudevents.HTTP_HEADERS, orjson.dumps(kept_headers)))
    if verifier.message_id is not None:
        headers.append((cloudevents.MESSAGE_ID, request.headers[verifier.message_id][0].encode()))
    return Output(sender.topic, order_key(sender, identity, receipt), request.body, headers)


def _content_type(headers: Mapping[str, Sequence[str]]) -> bytes:
    values = headers.get("content-type")
    return values[0].encode("utf-8", "backslashreplace") if values and values[0] else OCTETS


def _kept(fields: Fields, left_out: frozenset[str], verifier: Verifier) -> dict[str, str | list[str]]:
    kept: dict[str, str | list[str]] = {}
    for name, values in fields.items():
        if name in left_out:
            continue
        clean = [_masked(value, verifier) for value in values] if verifier.travelling else values
        kept[name] = clean[0] if len(clean) == 1 else clean
    return kept


def _masked(value: str, verifier: Verifier) -> str:
    for secret in verifier.travelling:
        if secret == value:
            return MASK
        if len(secret) >= MASK_CHARS_MIN and secret in value:
            value = value.replace(secret, MASK)
    return value


def _text(value: str) -> str:
    """Without lone surrogates, which no UTF-8 can carry."""
    return value.encode("utf-8", "backslashreplace").decode()
