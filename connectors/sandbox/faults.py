"""Which request fails, and how. Pure and deterministic.

The seed, the idempotency key and the number of the attempt decide, not the order in which requests happen to arrive.
"""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[float, Field(ge=0, le=1)]


class Faults(BaseModel):
    """What goes wrong, as shares of all requests; `latency_ms` is added to each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_ms: Annotated[float, Field(ge=0, le=60_000)] = 0
    error_rate: Rate = 0
    rate_limit_rate: Rate = 0
    retry_after_s: Annotated[int, Field(ge=0, le=3600)] = 1
    reset_after_rate: Rate = 0
    hang_rate: Rate = 0
    hang_s: Annotated[float, Field(ge=0, le=300)] = 30
    seed: int = 0


class Fault(StrEnum):
    """`error` and `rate_limit` answer before anything is done; `hang` holds the request and then goes on as if nothing
    were; `reset_after` does the work and cuts the connection instead of answering."""

    ERROR = "error"
    RATE_LIMIT = "rate_limit"
    HANG = "hang"
    RESET_AFTER = "reset_after"


def draw(faults: Faults, key: str, attempt: int) -> Fault | None:
    """The fault of the `attempt`-th request (from 1) with this key; None where it goes well."""
    digest = hashlib.blake2b(f"{faults.seed}:{key}:{attempt}".encode("utf-8", "replace"), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    for fault, rate in (
        (Fault.ERROR, faults.error_rate),
        (Fault.RATE_LIMIT, faults.rate_limit_rate),
        (Fault.HANG, faults.hang_rate),
        (Fault.RESET_AFTER, faults.reset_after_rate),
    ):
        if share < rate:
            return fault
        share -= rate
    return None
