"""`[sources.poll]`: a source that is asked as well as listened to."""

from pydantic import Field

from streams.settings.auth import PollAuth
from streams.settings.section import Section


class Poll(Section):
    """The API that lists a source's orders. What was polled and what came by webhook makes one order."""

    base_url: str
    path: str
    auth: PollAuth
    interval_s: float = Field(default=60, gt=0)
    rate_per_second: float = Field(default=1, gt=0)
    timeout_s: float = Field(default=20, gt=0)
    response_bytes_max: int = Field(default=4 * 1024 * 1024, ge=1024)
