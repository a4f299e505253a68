"""JSON Schemas of the headers: CloudEvents 1.0 in binary mode, and what raw and quarantined records add."""

from typing import Any

from streams import cloudevents, receipt

_CLOUDEVENTS = {
    "ce_id": {"type": "string", "description": "The record's id; of a raw webhook, its receipt."},
    "ce_source": {"type": "string", "description": "Who wrote it, as a URI reference."},
    "ce_specversion": {"type": "string", "const": cloudevents.SPEC_VERSION.decode()},
    "ce_time": {"type": "string", "format": "date-time", "description": "UTC."},
    "ce_type": {"type": "string"},
    "content-type": {"type": "string"},
}
_HTTP = {
    cloudevents.HTTP_METHOD: {"type": "string"},
    cloudevents.HTTP_QUERY: {"type": "string", "description": "A JSON object; never holds the token."},
    cloudevents.HTTP_HEADERS: {"type": "string", "description": "A JSON object; never holds credentials."},
}
_MESSAGE = {
    cloudevents.MESSAGE_ID: {"type": "string", "description": "The sender's own id of the message, where it is signed."}
}
_RECEIPT = {receipt.HEADER: {"type": "string", "description": "Of the webhook behind it, where there is one."}}
_QUARANTINE = {
    "reason": {"type": "string", "description": "Stable, for machines."},
    "message": {"type": "string", "description": "For a person."},
    "origin_topic": {"type": "string"},
}
_PLACE = {
    "origin_partition": {
        "type": "string",
        "pattern": r"^\d+$",
        "description": "Absent where no record can hold the origin.",
    },
    "origin_offset": {"type": "string", "pattern": r"^\d+$"},
}


def _object(properties: dict[str, Any], required: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(required)}


RECORD = _object({**_CLOUDEVENTS, **_RECEIPT}, _CLOUDEVENTS)
# State topics are tables: a key and what holds of it now, not an event.
TABLE = _object({}, {})
RAW = _object({**_CLOUDEVENTS, **_HTTP, **_MESSAGE}, {**_CLOUDEVENTS, **_HTTP})
QUARANTINED = _object({**_CLOUDEVENTS, **_RECEIPT, **_HTTP, **_MESSAGE, **_QUARANTINE, **_PLACE}, _QUARANTINE)
