"""What the API has done: each idempotency key once. Bounded: a full ledger refuses and never forgets."""

from dataclasses import dataclass
from datetime import datetime

import orjson

EFFECTS_MAX = 1_000_000


class LedgerFull(Exception):
    """No room for another effect."""


class KeyReused(Exception):
    """The same idempotency key came with another body."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect. `seq` counts from 1 in the order in which they were had; `status` is what was answered."""

    seq: int
    at: datetime
    idempotency_key: str
    external_order_id: str
    body: bytes
    status: int

    def to_json(self) -> bytes:
        """One line. The body is embedded as it came, so its numbers keep their digits."""
        return orjson.dumps(
            {
                "seq": self.seq,
                "at": self.at,
                "idempotency_key": self.idempotency_key,
                "external_order_id": self.external_order_id,
                "status": self.status,
                "body": orjson.Fragment(self.body),
            }
        )

    def answer(self) -> bytes:
        """What the API answers to this key, the first time and ever after."""
        return orjson.dumps({"id": f"ext-{self.seq}", "external_order_id": self.external_order_id})


class Ledger:
    """Effects in order, by key, and the orders that exist."""

    def __init__(self, effects_max: int = EFFECTS_MAX) -> None:
        self.effects: list[Effect] = []
        self.repeats = 0
        self._effects_max = effects_max
        self._by_key: dict[str, Effect] = {}
        self._orders: set[str] = set()

    def apply(self, key: str, order_id: str, body: bytes, at: datetime) -> Effect:
        """The effect of this key: had now, or remembered. 201 for a new order, 200 for one that is replaced.

        Raises `KeyReused`, `LedgerFull`.
        """
        if (known := self._by_key.get(key)) is not None:
            if known.body != body:
                raise KeyReused
            self.repeats += 1
            return known
        if len(self.effects) >= self._effects_max:
            raise LedgerFull
        status = 200 if order_id in self._orders else 201
        effect = Effect(len(self.effects) + 1, at, key, order_id, body, status)
        self.effects.append(effect)
        self._by_key[key] = effect
        self._orders.add(order_id)
        return effect
