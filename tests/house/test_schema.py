"""The documents for machines: valid by their own standards, and complete."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from streams import cloudevents, topics
from streams.receipt import with_receipt
from streams.schema import asyncapi_document, json_schemas
from streams.schema.models import record_models
from streams.vocabulary import Command, CommandType, Outcome, OutcomeResult

# https://github.com/asyncapi/spec-json-schemas, schemas/3.0.0-without-$id.json, Apache-2.0
ASYNCAPI_SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.schema.json")
RAW_TOPICS = {topics.QUARANTINE, topics.webhooks("{source}")}
NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    # As a reader gets it: through JSON.
    found: dict[str, Any] = json.loads(json.dumps(asyncapi_document()))
    return found


def resolve(document: dict[str, Any], ref: str) -> Any:
    here: Any = document
    for part in ref.removeprefix("#/").split("/"):
        here = here[part]
    return here


def refs(value: Any) -> list[str]:
    """Every `$ref` in a document."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for item in value.values() for ref in refs(item)]
    return [ref for item in value for ref in refs(item)] if isinstance(value, list) else []


def test_the_asyncapi_document_is_one(document: dict[str, Any]) -> None:
    """Generators and browsers of AsyncAPI refuse what their schema refuses."""
    schema = json.loads(ASYNCAPI_SCHEMA.read_text())
    validator = jsonschema.Draft7Validator(schema)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    broken = {**document, "channels": {"x": {"adress": "y"}}}
    assert not validator.is_valid(broken)


def test_every_topic_is_described_with_its_record(document: dict[str, Any]) -> None:
    """A topic whose record has no schema is one that nobody can read."""
    table = topics.table(["{source}"], ["{target}"], ["{source}"], ["{target}"], alerting=True)
    channels = {channel["address"]: channel for channel in document["channels"].values()}
    assert set(channels) == {topic.name for topic in table}
    for topic in table:
        message = channels[topic.name]["messages"]["record"]
        if topic.name in RAW_TOPICS:
            assert message["contentType"] == "application/octet-stream"
        else:
            assert resolve(document, message["payload"]["$ref"])["title"] == topic.value


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    """A dangling `$ref` breaks a generator at its end, not here."""
    found = refs(document)
    assert len(found) > 20
    for ref in found:
        resolve(document, ref)


def test_addresses_declare_their_parameters(document: dict[str, Any]) -> None:
    """`{source}` in an address means something only where it is declared."""
    for channel in document["channels"].values():
        declared = set(channel.get("parameters", {}))
        assert declared == {name for name in ("source", "target") if f"{{{name}}}" in channel["address"]}


def test_headers_are_those_that_are_written(document: dict[str, Any]) -> None:
    """The description and `streams.cloudevents` must not drift apart."""
    written = with_receipt(cloudevents.headers(id="i", source="/s", type="t", time=NOW), "r")
    headers = {name: value.decode() for name, value in written}
    tables = {
        topic.name
        for topic in topics.table(["{source}"], ["{target}"], ["{source}"], ["{target}"], alerting=True)
        if topic.is_state
    }
    for channel in document["channels"].values():
        schema = channel["messages"]["record"]["headers"]
        if channel["address"] in tables:  # a changelog's records have none
            assert schema["properties"] == {}
        elif channel["address"] not in RAW_TOPICS:
            jsonschema.validate(headers, schema)
            assert set(schema["properties"]) == set(headers)
            assert set(schema["required"]) == set(headers) - {"receipt"}


def test_schemas_accept_what_is_written_and_nothing_less() -> None:
    """Records of ours validate; a missing field does not: every field is always written out."""
    schema = json_schemas()
    jsonschema.Draft202012Validator.check_schema(schema)
    command = Command(id="1", type=CommandType.CREATE_ORDER, target="t", order_key="k", caused_by="e", created_at=NOW)
    outcome = Outcome(
        command_id="1", type=command.type, target="t", order_key="k", result=OutcomeResult.DEAD, attempts=1, at=NOW
    )
    for record in (command, outcome):
        validator = jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{type(record).__name__}"})
        assert list(validator.iter_errors(record.to_dict())) == []
        assert not validator.is_valid({**record.to_dict(), "target": None})
        assert not validator.is_valid({key: value for key, value in record.to_dict().items() if key != "target"})
    without = {key: value for key, value in outcome.to_dict().items() if key != "error"}
    assert not validator.is_valid(without)


def test_records_of_other_packages_are_among_them() -> None:
    """The delivery table's record lives with the connectors, and is public all the same."""
    values = {
        topic.value
        for topic in topics.table(["s"], ["t"], ["s"], ["t"], alerting=True)
        if topic.name not in {topics.QUARANTINE, topics.webhooks("s")}
    }
    assert values == set(record_models())
