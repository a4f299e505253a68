"""`[alerts]`: whom to tell when something is wrong, from when on, and how often at most.

The thresholds are seed 002's ("Monitoring Recommendations").
"""

from typing import Annotated

from pydantic import Field

from streams.settings.auth import SecretRef
from streams.settings.outbound import CONNECT_TIMEOUT_S, ConnectTimeout, ReadTimeout, Tls
from streams.settings.section import Section

Share = Annotated[float, Field(gt=0, lt=1)]


class Alerts(Section):
    """A Slack-compatible incoming webhook. Its URL is a secret: whoever has it can write to the channel.

    `window_s`: how far back rates look. `min_samples`: with fewer a rate never fires. `resolve_after_s`: how long all
    must be well again. `min_repeat_s`: the least time between two messages that an alert fires; `remind_s`: when one
    that still does is told again.
    """

    url: SecretRef
    allow_private: bool = False
    allow_plain_http: bool = False
    tls: Tls | None = None
    timeout_s: float = Field(default=10, gt=0, le=60)
    connect_timeout_s: ConnectTimeout = CONNECT_TIMEOUT_S
    read_timeout_s: ReadTimeout | None = None
    order_creation_ms: float = Field(default=500, gt=0)
    error_rate: Share = 0.01
    waiting: int = Field(default=1000, ge=1)
    payment_success: Share = 0.95
    window_s: float = Field(default=300, ge=10, le=3600)
    min_samples: int = Field(default=20, ge=1, le=100_000)
    resolve_after_s: float = Field(default=120, ge=0, le=24 * 60 * 60)
    min_repeat_s: float = Field(default=300, ge=1, le=24 * 60 * 60)
    remind_s: float = Field(default=4 * 60 * 60, ge=60, le=7 * 24 * 60 * 60)
    messages_per_minute: int = Field(default=6, ge=1, le=60)
    every_s: float = Field(default=5, gt=0, le=60)
