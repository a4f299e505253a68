"""What a document states, as a digest. Pure."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson


def digest(document: Mapping[str, Any]) -> str:
    """The same whatever the order of its keys. 128 bits in hex."""
    return blake2b(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
