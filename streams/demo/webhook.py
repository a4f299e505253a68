"""One webhook that the demo is going to send, and what the demo knows of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

DUDA = "duda"
SELLDONE = "selldone"
QUICKBUTIK = "quickbutik"
APICBASE = "apicbase"
WEBSHOP = "webshop"
STORE = "store"
COMMERCEOS = "commerceos"
EXTERNAL_SYSTEM = "external-system"
# The sources' names: those of their platforms, but for the web shop and the store, which are mapped by configuration.
SOURCES = (DUDA, SELLDONE, QUICKBUTIK, APICBASE, WEBSHOP, STORE, COMMERCEOS, EXTERNAL_SYSTEM)
# The target of all orders.
EXTERNAL = "external"

JSON = "application/json"
Query = tuple[tuple[str, str], ...]


class Kind(StrEnum):
    """Why it is sent."""

    EXAMPLE = "example"  # from the platform's own documents
    ORDER = "order"
    REPEAT = "repeat"  # the same bytes again, as a platform sends them that got no answer in time
    RUBBISH = "rubbish"  # correctly signed, not an order: kept, and set aside in the quarantine
    INVALID = "invalid"  # the same, from a platform that shows its customer the answer: must be refused with words
    UNSIGNED = "unsigned"  # must be refused
    FORGED = "forged"  # signed with another secret: must be refused

    @property
    def is_hostile(self) -> bool:
        """True where the sender is not who it says."""
        return self in (Kind.UNSIGNED, Kind.FORGED)

    @property
    def is_refused(self) -> bool:
        """True where ingest must refuse it and no trace of it may be found in Kafka."""
        return self.is_hostile or self is Kind.INVALID


@dataclass(frozen=True, slots=True)
class Request:
    """What a platform sends, without what proves who sends it."""

    body: bytes = b""
    method: str = "POST"
    query: Query = ()
    content_type: str = JSON


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request carries as proof of its sender."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Query = ()


@dataclass(frozen=True, slots=True)
class Webhook:
    """`number` is its place in the order of sending; `source` is the source's name."""

    number: int
    source: str
    kind: Kind
    request: Request


@dataclass(frozen=True, slots=True)
class Put:
    """What a stand-in API is made to hold: `document` under `order_id`, in the API of `source`'s platform."""

    source: str
    order_id: str
    document: bytes


@dataclass(frozen=True, slots=True)
class Step:
    """One webhook of an order's life. `put`: what the platform's API says of the order by then, where we ask it."""

    request: Request
    put: Put | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """One order from its placing to its end, in the order in which its platform sends. `listed`: its API lists it."""

    order_key: str
    steps: Sequence[Step]
    listed: Put | None = None
