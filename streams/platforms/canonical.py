"""A document in one form, so that it makes the same event by whatever way, and in whatever company, it comes."""

import json
from typing import Any


def canonical(item: Any) -> bytes:
    """The same bytes for the same JSON value, however it was written; numbers as the text that their digits make."""
    return json.dumps(item, sort_keys=True, separators=(",", ":"), default=str).encode()
