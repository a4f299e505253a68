"""`[sources.poll]`: a source that is asked as well as listened to.

The defaults are those of Apicbase's list of a supplier's purchase orders, as the vendor's API reference has it; what
another installation calls differently is written out.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from streams.settings.auth import PollAuth
from streams.settings.outbound import CONNECT_TIMEOUT_S, ConnectTimeout, ReadTimeout, Tls
from streams.settings.section import Section


def _path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//") or any(letter in value for letter in "?# \\"):
        raise ValueError('must be a path such as "/api/v2/orders/", without a query: that goes into query')
    return value


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


UrlPath = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_path)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Parameters = Annotated[dict[FieldName, Annotated[str, StringConstraints(max_length=500)]], Field(max_length=20)]


class Poll(Section):
    """The API that lists a source's orders. What was polled and what came by webhook makes one order.

    `query`: sent with every request. `since_format`: `date` where the API compares days only. `overlap_s`: how far
    behind the newest order the next round begins; an order that the API shows later than that is not found.
    `start_at`: older orders are not asked for at the first poll; by default all are.
    """

    base_url: str
    path: UrlPath = "/api/v2/integrations/suppliers/purchase_orders/"
    auth: PollAuth
    allow_private: bool = False
    allow_plain_http: bool = False
    tls: Tls | None = None
    query: Parameters = Field(default_factory=lambda: {"status": "ORDERED"})
    page_parameter: FieldName = "page"
    page_first: int = Field(default=1, ge=0, le=1)
    since_parameter: FieldName = "ordered_on__gt"
    since_format: Literal["datetime", "date"] = "datetime"
    results_field: Annotated[str, StringConstraints(max_length=100)] = Field(
        default="results", description='The list of orders in the answer; "" where the answer is the list.'
    )
    next_field: FieldName = "next"
    time_field: FieldName = "ordered_on"
    start_at: Annotated[datetime, AfterValidator(_aware)] | None = None
    overlap_s: float = Field(default=60 * 60, ge=0, le=30 * 24 * 60 * 60)
    interval_s: float = Field(default=60, gt=0, le=24 * 60 * 60)
    rate_per_second: float = Field(default=1, gt=0, le=1000)
    timeout_s: float = Field(default=20, gt=0, le=300)
    connect_timeout_s: ConnectTimeout = CONNECT_TIMEOUT_S
    read_timeout_s: ReadTimeout | None = None
    backoff_s_max: float = Field(default=300, gt=0, le=24 * 60 * 60)
    pages_max: int = Field(default=1000, ge=1, le=100_000)
    response_bytes_max: int = Field(default=4 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        own = {self.page_parameter, self.since_parameter}
        if len(own) < 2:
            raise ValueError("page_parameter and since_parameter must differ")
        if taken := sorted(own & self.query.keys()):
            raise ValueError(f"query must not hold {taken[0]}: the poller sets it itself")
        return self
