"""JSON Schemas (draft 2020-12) of the records, as they are written."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from streams import vocabulary
from streams.vocabulary import Command, DeadLetter, Movement, Order, OrderEvent, Outcome, Stock

DIALECT = "https://json-schema.org/draft/2020-12/schema"
GROUP = "orderlog.records"

RECORDS: tuple[type[BaseModel], ...] = (OrderEvent, Order, Command, Outcome, DeadLetter, Movement, Stock)


def record_models() -> Mapping[str, type[BaseModel]]:
    """The models of the records by name: the vocabulary's, and those that other packages declare as entry points."""
    declared = {point.name: point.load() for point in entry_points(group=GROUP)}
    return {**{model.__name__: model for model in RECORDS}, **dict(sorted(declared.items()))}


def json_schemas(ref_template: str = "#/$defs/{model}") -> dict[str, Any]:
    """One schema document; `$defs` holds every record and what it is made of."""
    models = record_models()
    _, schema = models_json_schema(
        [(model, "serialization") for model in models.values()],
        title="Orderlog records",
        description=vocabulary.__doc__,
        ref_template=ref_template,
    )
    return {"$schema": DIALECT, **schema}
