"""An AsyncAPI 3.0 document of every topic: its records, keys, headers and how long it keeps them."""

from importlib.metadata import version
from typing import Any

from streams import topics
from streams.schema import headers
from streams.schema.models import json_schemas
from streams.topics import Cleanup, Topic

VERSION = "3.0.0"
BINDING_VERSION = "0.5.0"
REFS = "#/components/schemas/{model}"

_PARAMETERS = {
    "source": "The name of a source in the settings.",
    "target": "The name of a target in the settings.",
}


def asyncapi_document() -> dict[str, Any]:
    """The document, as plain values. Topics per source and per target are addresses with a parameter."""
    table = topics.table(["{source}"], ["{target}"], ["{source}"], ["{target}"], alerting=True)
    return {
        "asyncapi": VERSION,
        "id": "urn:orderlog",
        "info": {
            "title": "Orderlog",
            "version": version("orderlog"),
            "description": "Order webhooks in Kafka, one state per order, and what is asked of downstream systems.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_id(topic): _channel(topic) for topic in table},
        "operations": {f"send-{_id(topic)}": _operation(topic) for topic in table},
        "components": {"schemas": json_schemas(REFS)["$defs"]},
    }


def _id(topic: Topic) -> str:
    return topic.name.replace(".", "-").replace("{", "").replace("}", "")


def _channel(topic: Topic) -> dict[str, Any]:
    configuration: dict[str, Any] = {"cleanup.policy": [str(topic.cleanup)]}
    if topic.cleanup is Cleanup.DELETE:
        configuration["retention.ms"] = topic.retention_ms
    channel: dict[str, Any] = {
        "address": topic.name,
        "messages": {"record": _message(topic)},
        "bindings": {"kafka": {"topicConfiguration": configuration, "bindingVersion": BINDING_VERSION}},
    }
    used = {name: {"description": text} for name, text in _PARAMETERS.items() if f"{{{name}}}" in topic.name}
    return {**channel, "parameters": used} if used else channel


def _message(topic: Topic) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": topic.value,
        "headers": _headers(topic),
        "bindings": {
            "kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": BINDING_VERSION},
        },
    }
    if _is_raw(topic):
        return {**message, "contentType": "application/octet-stream", "summary": topic.value}
    return {**message, "payload": {"$ref": REFS.format(model=topic.value)}}


def _headers(topic: Topic) -> dict[str, Any]:
    if topic.name == topics.QUARANTINE:
        return headers.QUARANTINED
    if topic.is_state:
        return headers.TABLE
    return headers.RAW if _is_raw(topic) else headers.RECORD


def _is_raw(topic: Topic) -> bool:
    """Whether the values are what a sender sent, which has no schema of ours."""
    return topic.name in (topics.QUARANTINE, topics.webhooks("{source}"))


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_id(topic)}"},
        "messages": [{"$ref": f"#/channels/{_id(topic)}/messages/record"}],
    }
