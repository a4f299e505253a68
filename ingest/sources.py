"""The sources as the handler needs them: everything that can be known before the first request is looked up once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ingest.auth import Verifier, verifier_of
from streams import topics
from streams.platforms import NAMES, InvalidOptions, Platform, Problem, platform_of
from streams.platforms.webhook import accept_all
from streams.settings import Settings, SettingsError
from streams.settings.addresses import is_loopback
from streams.settings.errors import Mistake
from streams.settings.model import Source
from streams.sources import config_of

# Headers and framing of a record beside its body: http_headers and http_query are bounded by the HTTP server.
RECORD_OVERHEAD_BYTES = 128 * 1024

Validate = Callable[[bytes, Mapping[str, str]], Sequence[Problem]]


@dataclass(frozen=True, slots=True)
class Sender:
    """One source, ready to receive. `path` is the `ce_source` of its records."""

    name: str
    platform: Platform
    verifier: Verifier
    topic: str
    path: str
    methods: frozenset[str]

    @property
    def allow(self) -> str:
        """The value of an `Allow` header."""
        return ", ".join(sorted(self.methods))

    @property
    def validate(self) -> Validate | None:
        """The platform's, where it refuses anything at all."""
        return None if self.platform.validate is accept_all else self.platform.validate


def senders(settings: Settings, environ: Mapping[str, str]) -> dict[str, Sender]:
    """The senders by name. Raises `SettingsError` with every secret that cannot be had and every door left open."""
    mistakes: list[Mistake | str] = _bounds(settings)
    found: dict[str, Sender] = {}
    for source in settings.sources:
        try:
            found[source.name] = sender_of(source, settings, environ)
        except SettingsError as error:
            mistakes += error.mistakes
    if mistakes:
        raise SettingsError(mistakes)
    return found


def sender_of(source: Source, settings: Settings, environ: Mapping[str, str]) -> Sender:
    """One of them. Raises `SettingsError`."""
    key = f"sources.{source.name}"
    if source.auth.scheme == "none" and not _may_be_open(source, settings):
        mend = "choose a scheme, bind ingest.host to loopback, or set allow_unauthenticated = true"
        raise SettingsError([Mistake("", f"{key}.auth", "anyone on the network could send orders here", mend)])
    try:
        platform = platform_of(config_of(source, settings))
    except KeyError:
        known = ", ".join(sorted(NAMES))
        raise SettingsError([Mistake("", f"{key}.platform", "is not known", f"one of {known}")]) from None
    except InvalidOptions as error:
        raise SettingsError([Mistake("", f"{key}.options", f"{error}", "")]) from None
    return Sender(
        name=source.name,
        platform=platform,
        verifier=verifier_of(source.auth, environ, source.name),
        topic=topics.webhooks(source.name),
        path=f"/webhooks/{source.name}",
        methods=frozenset(platform.METHODS),
    )


def _may_be_open(source: Source, settings: Settings) -> bool:
    ingest = settings.ingest
    return is_loopback(ingest.host) or ingest.allow_unauthenticated or source.allow_unauthenticated


def _bounds(settings: Settings) -> list[Mistake | str]:
    room = settings.kafka.record_bytes_max - RECORD_OVERHEAD_BYTES
    if settings.ingest.max_body_bytes <= room:
        return []
    what = f"a body of this size does not fit into kafka.record_bytes_max ({settings.kafka.record_bytes_max})"
    return [Mistake("", "ingest.max_body_bytes", what, f"at most {max(room, 0)}, or raise kafka.record_bytes_max")]
