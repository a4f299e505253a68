"""One request, as far as it matters what it is."""

from dataclasses import dataclass

from connectors.sandbox.commerceos import read
from connectors.sandbox.commerceos.refusal import Refused


@dataclass(frozen=True, slots=True)
class Call:
    """`path`: as on the wire, without the query."""

    method: str
    path: str
    body: bytes

    @property
    def is_change(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def collection(self) -> str:
        """`trade-orders` of `/v1/trade-orders~where(…)`."""
        return self.path.split("/")[2].partition("~")[0] if self.path.count("/") > 1 else ""

    @property
    def action(self) -> str:
        """What it wants, as far as that can be seen: `create`, or the name of an action."""
        if self.method != "PATCH":
            return "create" if self.is_change else "read"
        try:
            return ",".join(read.document(self.body))[:200]
        except Refused:
            return "?"
