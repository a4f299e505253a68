"""Every request that wanted to change something, in the order in which it was dealt with."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import orjson

from connectors.sandbox.commerceos.call import Call
from connectors.sandbox.commerceos.refusal import Refused, Why

ENTRIES_MAX = 1_000_000
BYTES_MAX = 512 * 1024 * 1024
DONE, REPEAT, DOUBLED, REFUSED = "done", "repeat", "doubled", "refused"


class Journal:
    """`outcome`: `done` (it had an effect), `repeat` (the effect was there already: 200 all the same), `doubled` (a
    `POST` that made a second thing with the identifiers of a first), `refused` (nothing was done)."""

    def __init__(self, entries_max: int = ENTRIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.entries: list[bytes] = []
        self.outcomes: Counter[str] = Counter()
        self.why: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self._entries_max, self._bytes_max, self._bytes = entries_max, bytes_max, 0

    def make_room(self) -> None:
        """Raises `Refused` where there is none: nothing may happen that is not in here."""
        if len(self.entries) >= self._entries_max or self._bytes >= self._bytes_max:
            raise Refused(Why.FULL, "Full", "no room for another effect")

    def note(self, at: datetime, call: Call, outcome: str, status: int, refused: Refused | None = None) -> None:
        """The body is embedded as it came, digit for digit, where it is JSON."""
        self.outcomes[outcome] += 1
        if refused is not None:
            self.why[refused.why] += 1
            self.codes[refused.code] += 1
        entry = {
            "seq": len(self.entries) + 1,
            "at": at,
            "method": call.method,
            "path": call.path,
            "action": call.action,
            "outcome": outcome,
            "status": status,
            "body": _embedded(call.body),
        }
        if refused is not None:
            entry |= {"why": refused.why.value, "code": refused.code}
        self.entries.append(orjson.dumps(entry))
        self._bytes += len(self.entries[-1])

    def stats(self) -> Mapping[str, object]:
        """`wrong_order`: how many commands came before their time, or too late."""
        return {
            "effects": self.outcomes[DONE] + self.outcomes[DOUBLED],
            "repeats": self.outcomes[REPEAT],
            "doubled": self.outcomes[DOUBLED],
            "refused": self.outcomes[REFUSED],
            "wrong_order": self.why[Why.ORDER],
            "refused_why": {why.value: self.why[why] for why in Why},
            "refused_codes": dict(self.codes),
        }


def _embedded(body: bytes) -> object:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
    return orjson.Fragment(body)
