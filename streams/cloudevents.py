"""CloudEvents 1.0, binary mode over Kafka: the headers of every record we write (DESIGN section 7, a contract).

Raw webhooks carry three more, each in a namespace of its own so that a query parameter can never pass for a header:
`http_method`, `http_query` and `http_headers` (the last two a JSON object each). Where the sender signs an id of its
own with each message, they carry it too, as `message_id`.
"""

from datetime import datetime

SPEC_VERSION = b"1.0"
JSON = b"application/json"

HTTP_METHOD = "http_method"
HTTP_QUERY = "http_query"
HTTP_HEADERS = "http_headers"
MESSAGE_ID = "message_id"


def headers(*, id: str, source: str, type: str, time: datetime, content_type: bytes = JSON) -> list[tuple[str, bytes]]:
    """The headers of one record. `time` must be UTC."""
    return [
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_specversion", SPEC_VERSION),
        ("ce_time", time.isoformat().replace("+00:00", "Z").encode()),
        ("ce_type", type.encode()),
        ("content-type", content_type),
    ]
