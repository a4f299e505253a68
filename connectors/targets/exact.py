"""Numbers of a command as exact JSON numbers: never through a float."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from connectors.targets.unprocessable import Unprocessable

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def number_text(value: object, path: str) -> str:
    """A decimal as JSON writes it. Raises `Unprocessable`, which names the `path`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not _JSON_NUMBER.fullmatch(value):
        raise Unprocessable(f"{path} is not a decimal")
    return value


def number(value: object, path: str) -> orjson.Fragment:
    """As `number_text`, to be written without quotes."""
    return orjson.Fragment(number_text(value, path))


def to_json(document: Mapping[str, Any], path: str) -> bytes:
    """Raises `Unprocessable`: for an integer past 64 bits, or half a surrogate pair."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise Unprocessable(f"{path} cannot be written as JSON: {error}") from None
