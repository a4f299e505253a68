"""What an answer means for the delivery, and what it says of the target. Pure (DESIGN section 2)."""

from dataclasses import dataclass
from enum import StrEnum

TOO_MANY_REQUESTS = 429
UNAUTHORISED = 401
# Neither is about the command: try again. (409 is per API: the target's module decides.)
RETRIED_4XX = frozenset({408, 425, TOO_MANY_REQUESTS, UNAUTHORISED})
# A 401 here outlived a fresh token: the credential is wrong for every command, so it speaks of the target.
TARGET_4XX = frozenset({408, UNAUTHORISED})


class Verdict(StrEnum):
    """What becomes of the delivery. `REJECTED`: a person has to mend it; `REFUSED`: there is nothing to mend."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REJECTED = "rejected"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ruling:
    """`why`: what is wrong with an answer whose status does not say it. Shown to people: no customer data in it.

    `is_about_earlier`: of several requests it is the one before that failed; this answer only explains it.
    `after_s`: not to be tried again sooner, whatever the schedule says.
    `blames_target`: it is none of the API's answers, whatever the status (a page that says "back soon").
    """

    verdict: Verdict
    why: str | None = None
    blames_target: bool = False
    is_about_earlier: bool = False
    after_s: float = 0.0


def classify(status: int | None, *, conflict: Verdict = Verdict.RETRY) -> Verdict:
    """`status` is None where no answer came (reset, timeout); `conflict` is what 409 means to this API.

    Redirects are not followed: a moved API is a matter of configuration, no reason to give a command up at once.
    """
    if status is None or status < 200 or 300 <= status < 400 or status >= 500:
        return Verdict.RETRY
    if status < 300:
        return Verdict.DELIVERED
    if status == 409:
        return conflict
    return Verdict.RETRY if status in RETRIED_4XX else Verdict.REJECTED


def blames_target(status: int | None) -> bool:
    """Whether this speaks of the target as a whole (counts for its breaker) and not of one command."""
    if status is None or status < 200 or 300 <= status < 400 or status >= 500:
        return True
    return status in TARGET_4XX
