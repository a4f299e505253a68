"""One module per sender, the same few names in each. All of it pure: the caller brings time, randomness and secrets.

PLATFORM   the platform's name in the configuration
RUBBISH    webhooks that are correctly signed and are no order
life       one order, from its placing to its end, as the platform's webhooks tell it (senders that have orders)
sample     one believable webhook, about an order of its own: what a forger would send
sign       what the platform adds to a request so that ingest believes it
read       a second opinion on what a raw record says, written from the platform's documents alone
settings   the source's table in the configuration, without its name

Senders that speak of the orders of others have `news` or `snapshots` besides (`external_system`, `commerceos`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any, Protocol

from streams.demo.platforms import apicbase, commerceos, duda, external_system, quickbutik, selldone, store, webshop
from streams.demo.told import Arrived, Reading
from streams.demo.webhook import (
    APICBASE,
    COMMERCEOS,
    DUDA,
    EXTERNAL_SYSTEM,
    QUICKBUTIK,
    SELLDONE,
    STORE,
    WEBSHOP,
    Life,
    Request,
    Signed,
)

__all__ = ["LIVES", "PLATFORMS", "Platform", "Shop"]


class Platform(Protocol):
    """What a sender's module offers."""

    @property
    def PLATFORM(self) -> str: ...

    @property
    def RUBBISH(self) -> Sequence[Request]: ...

    def sample(self, rng: Random, number: int, at: datetime) -> Request: ...

    def sign(self, request: Request, secret: bytes, now_ms: int) -> Signed: ...

    def read(self, arrived: Arrived) -> Reading:
        """Raises `ValueError`, `KeyError`, `TypeError`, `AttributeError`, `ArithmeticError` where it is rubbish."""

    def settings(self, secret: str) -> Mapping[str, Any]:
        """`secret`: the reference to its secret."""


class Shop(Platform, Protocol):
    """A sender that has orders of its own."""

    def life(self, rng: Random, number: int, at: datetime) -> Life:
        """The order of that number, placed at `at`."""


LIVES: Mapping[str, Shop] = {
    DUDA: duda,
    SELLDONE: selldone,
    QUICKBUTIK: quickbutik,
    APICBASE: apicbase,
    WEBSHOP: webshop,
    STORE: store,
    COMMERCEOS: commerceos,
}
PLATFORMS: Mapping[str, Platform] = {**LIVES, EXTERNAL_SYSTEM: external_system}
