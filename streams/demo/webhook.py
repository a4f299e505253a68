"""One webhook that the demo is going to send, and what the demo knows of it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

DUDA = "duda"
SELLDONE = "selldone"
SOURCES = (DUDA, SELLDONE)


class Kind(StrEnum):
    """Why it is sent."""

    EXAMPLE = "example"  # from the platform's own documents
    ORDER = "order"
    REPEAT = "repeat"  # the same bytes again, as a platform sends them that got no answer in time
    RUBBISH = "rubbish"  # correctly signed, not an order: kept, and set aside in the quarantine
    UNSIGNED = "unsigned"  # must be refused
    FORGED = "forged"  # signed with another secret: must be refused

    @property
    def is_hostile(self) -> bool:
        """True where ingest must refuse it and no trace of it may be found in Kafka."""
        return self in (Kind.UNSIGNED, Kind.FORGED)


@dataclass(frozen=True, slots=True)
class Webhook:
    """`number` is its place in the order of sending; `source` is the source's name, which is also its platform's."""

    number: int
    source: str
    kind: Kind
    body: bytes
