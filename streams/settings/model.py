"""The shape of `orderlog.toml`. Every bound has a default that is safe; secrets are named, never written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from streams.settings.alerts import Alerts
from streams.settings.auth import SecretRef, SourceAuth, TargetAuth
from streams.settings.commerceos import CommerceOS, Identifiers
from streams.settings.moment import Moment
from streams.settings.outbound import CONNECT_TIMEOUT_S, ConnectTimeout, ReadTimeout, Tls
from streams.settings.poll import Poll
from streams.settings.section import Name, Port, Section

RetryDelay = Annotated[float, Field(ge=0, le=24 * 60 * 60)]


class Kafka(Section):
    """`bootstrap` unset: `orderlog up` and `orderlog demo` start a local broker, the others refuse."""

    bootstrap: str | None = None
    partitions: int = Field(default=12, ge=1, le=1000)
    replication: int = Field(default=1, ge=1, le=9)
    record_bytes_max: int = Field(default=4 * 1024 * 1024, ge=1024)


class Ingest(Section):
    host: str = "127.0.0.1"
    port: Port = 8080
    max_body_bytes: int = Field(default=1024 * 1024, ge=1, le=64 * 1024 * 1024)
    processes: int = Field(default=1, ge=1, le=64)
    in_flight_max: int = Field(default=1000, ge=1)
    header_timeout_s: float = Field(default=10, gt=0)
    body_timeout_s: float = Field(default=10, gt=0)
    produce_timeout_s: float = Field(default=3, gt=0, le=4)
    drain_timeout_s: float = Field(default=15, gt=0)
    allow_unauthenticated: bool = False


class Streams(Section):
    """The Faust workers, both roles. `instance`: a stable id per worker slot (static membership)."""

    app_id: Name = "orderlog"
    instance: str | None = None
    monitor_host: str = "127.0.0.1"
    monitor_port: Port = 8082
    data_dir: str = ".orderlog/streams"
    fetch_records_max: int = Field(default=4000, ge=1)
    inbox_records_max: int = Field(default=20_000, ge=1)
    transaction_timeout_s: float = Field(default=15, ge=1)
    commit_timeout_s: float = Field(default=8, ge=1)
    session_timeout_s: float = Field(default=10, ge=1)
    heartbeat_s: float = Field(default=3, gt=0)


class Connectors(Section):
    monitor_host: str = "127.0.0.1"
    monitor_port: Port = 8083
    instance: str | None = None
    pending_max: int = Field(
        default=10_000, ge=1, description="Deliveries waiting per partition before reading pauses."
    )


class Projections(Section):
    """`operators`: a token for each who decides, by the name that the audit shows. `token`: everybody's."""

    host: str = "127.0.0.1"
    port: Port = 8081
    token: SecretRef | None = None
    operators: Mapping[Name, SecretRef] = Field(default_factory=dict, max_length=100)


class Logging(Section):
    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Source(Section):
    """One sender. Its URL is `/webhooks/<name>`.

    `options`: what its platform lets be set. `fetch_from`: the target whose API has the orders that a thin ping only
    names. `orders_of`: the source whose orders this one speaks of, where it names an order by that source's own id;
    by default itself. `tracks_stock`: its orders move `inventory.*`; by default as the platform says. `poll`: the API
    that is asked besides.
    """

    name: Name
    platform: str
    auth: SourceAuth
    allow_unauthenticated: bool = False
    options: dict[str, Any] = Field(default_factory=dict)
    fetch_from: Name | None = None
    orders_of: Name | None = None
    tracks_stock: bool | None = None
    poll: Poll | None = None


# Waits after failed attempts, until it is given up: seed 002's strategy; Quickbutik: seed 000's, 1 s times the attempt.
GUIDE_DELAYS_S = (0.0, 1.0, 2.0, 5.0, 10.0)
RETRY_DELAYS_S: Mapping[str, tuple[float, ...]] = {
    "commerceos": GUIDE_DELAYS_S,
    "external": GUIDE_DELAYS_S,
    "inventory": GUIDE_DELAYS_S,
    "quickbutik": (1, 2, 3),
}
# Not more than the attempts of one delivery: an outage opens the breaker before anything is given up.
BREAKER_FAILURES: Mapping[str, int] = {"commerceos": 10, "external": 10, "inventory": 10, "quickbutik": 3}


class Breaker(Section):
    """Opens after `failures` in a row that speak of the target itself; lets one attempt through after `open_s`."""

    failures: int = Field(default=10, ge=1)
    open_s: float = Field(default=10, gt=0)


class Target(Section):
    """One downstream API. What is not set is as its kind says; the way out to it: streams.settings.outbound.

    `identifiers` and `commerceos`: of that kind, and required there. `product`: what an inventory calls a product; its
    key with us where it is not said.
    """

    name: Name
    kind: Literal["commerceos", "external", "inventory", "quickbutik"]
    base_url: str
    auth: TargetAuth
    allow_private: bool = False
    allow_plain_http: bool = False
    tls: Tls | None = None
    rate_per_second: float = Field(default=100, gt=0)
    max_in_flight: int = Field(default=32, ge=1, le=10_000)
    retry_delays_s: tuple[RetryDelay, ...] = Field(
        default_factory=lambda given: RETRY_DELAYS_S[given["kind"]], max_length=100
    )
    timeout_s: float = Field(default=10, gt=0)
    connect_timeout_s: ConnectTimeout = CONNECT_TIMEOUT_S
    read_timeout_s: ReadTimeout | None = None
    response_bytes_max: int = Field(default=256 * 1024, ge=1)
    breaker: Breaker = Field(default_factory=lambda given: Breaker(failures=BREAKER_FAILURES[given["kind"]]))
    identifiers: Identifiers | None = None
    commerceos: CommerceOS | None = None
    product: Literal["key", "sku"] | None = None


class Route(Section):
    """Orders of these sources go to these targets. `since`: those that were placed then or later; unset: all."""

    model_config = ConfigDict(populate_by_name=True)

    from_: tuple[Name, ...] = Field(alias="from", min_length=1)
    to: tuple[Name, ...] = Field(min_length=1)
    since: Moment | None = None


class Settings(Section):
    """The whole file."""

    kafka: Kafka = Kafka()
    ingest: Ingest = Ingest()
    streams: Streams = Streams()
    connectors: Connectors = Connectors()
    projections: Projections = Projections()
    alerts: Alerts | None = None
    log: Logging = Logging()
    sources: tuple[Source, ...] = ()
    targets: tuple[Target, ...] = ()
    routes: tuple[Route, ...] = ()

    def target(self, name: str) -> Target:
        """Raises `KeyError`."""
        return {target.name: target for target in self.targets}[name]

    def source(self, name: str) -> Source:
        """Raises `KeyError`."""
        return {source.name: source for source in self.sources}[name]

    @property
    def polled(self) -> tuple[str, ...]:
        """The sources that are polled."""
        return tuple(source.name for source in self.sources if source.poll is not None)

    @property
    def watched(self) -> tuple[Target, ...]:
        """The targets whose own view of the orders is looked at."""
        return tuple(target for target in self.targets if target.commerceos is not None)

    def sources_of(self, target: str) -> tuple[str, ...]:
        """The sources whose orders go to this target, each once; not those that it speaks through itself."""
        names = dict.fromkeys(name for route in self.routes if target in route.to for name in route.from_)
        return tuple(name for name in names if self.source(name).platform != self.target(target).kind)

    def targets_of(self, source: str) -> tuple[str, ...]:
        """The targets that orders of this source go to, in the order of the routes, each once."""
        return tuple(dict.fromkeys(target for route in self.routes if source in route.from_ for target in route.to))

    def since(self, source: str, target: str) -> datetime | None:
        """From when on orders of this source go to that target: the earliest of its routes; None: all of them go."""
        dates = [route.since for route in self.routes if source in route.from_ and target in route.to]
        set_dates = [date for date in dates if date is not None]
        return min(set_dates) if len(set_dates) == len(dates) > 0 else None
