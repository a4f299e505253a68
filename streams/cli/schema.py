"""`orderlog schema`: what travels through Kafka, for machines."""

from typing import Annotated

import orjson
import typer


def command(
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="An AsyncAPI 3 document: topics, keys, headers.")
    ] = False,
    jsonschema: Annotated[bool, typer.Option("--jsonschema", help="The JSON Schemas alone (the default).")] = False,
) -> None:
    """Print the JSON Schemas, or the AsyncAPI document, of all records."""
    from streams.schema import asyncapi_document, json_schemas

    if asyncapi and jsonschema:
        raise typer.BadParameter("choose one of --asyncapi and --jsonschema")
    document = asyncapi_document() if asyncapi else json_schemas()
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
