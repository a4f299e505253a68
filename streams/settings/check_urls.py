"""Where requests of ours go: URLs that are none, addresses that are not allowed, credentials over plain HTTP."""

from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, urlsplit

from streams.settings.addresses import NEVER, is_allowed, is_loopback, kind_of, literal
from streams.settings.lines import Path
from streams.settings.model import Source, Target
from streams.settings.outbound import Outbound

# Their APIs refuse a key over plain HTTP.
HTTPS_KINDS = frozenset({"quickbutik"})
Finding = tuple[Path, str, str]
Problem = tuple[str, str]


def check_urls(targets: Iterable[tuple[int, Target]], sources: Iterable[tuple[int, Source]]) -> Iterator[Finding]:
    """Each such mistake, of tables that are right by themselves."""
    for number, target in targets:
        kind = target.kind if target.kind in HTTPS_KINDS else None
        yield from _outbound(("targets", number), target, target.auth.scheme != "none", kind)
    for number, source in sources:
        if source.poll is not None:
            yield from _outbound(("sources", number, "poll"), source.poll, True, None)


def _outbound(path: Path, way: Outbound, has_credentials: bool, kind: str | None) -> Iterator[Finding]:
    """A token endpoint is always given credentials."""
    if problem := _problem(way, way.base_url, has_credentials, kind):
        yield (*path, "base_url"), *problem
    elif way.tls is not None and urlsplit(way.base_url).scheme == "http":
        yield (*path, "tls"), "has no effect: base_url is plain http", "write https://…, or leave tls out"
    token_url = getattr(way.auth, "token_url", None)
    if token_url is not None and (problem := _problem(way, token_url, True, None)):
        yield (*path, "auth", "token_url"), *problem


def problem_of_secret_url(way: Outbound, url: str) -> Problem | None:
    """Of one that is a secret itself, as a webhook's is: it may have a query. What is said holds at most its host."""
    return _problem(way, url.partition("?")[0], True, None)


def _problem(way: Outbound, url: str, has_credentials: bool, kind: str | None) -> Problem | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL", "write http://host:port or https://host"
    if parts.scheme not in ("http", "https") or not host:
        return "is not an http or https URL", "write http://host:port or https://host"
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return "must hold no credentials, query or fragment", "put credentials into auth, as env:NAME or file:PATH"
    return _address_problem(way, host) or (_plain_problem(way, parts, host, kind) if has_credentials else None)


def _address_problem(way: Outbound, host: str) -> Problem | None:
    """An address that is written out is judged here; what a name leads to, when it is connected to."""
    if (address := literal(host)) is None:
        return None
    kind = kind_of(address)
    if is_allowed(kind, says_loopback=is_loopback(host), allow_private=way.allow_private):
        return None
    if kind in NEVER:
        return f"{host} is never connected to: {kind}", "write the API's own address"
    return f"{host} is not public: {kind}", "if that is meant, set allow_private = true beside base_url"


def _plain_problem(way: Outbound, parts: SplitResult, host: str, kind: str | None) -> Problem | None:
    """Who listens on the way has the credentials; a stand-in on this machine may be plain."""
    if parts.scheme == "https" or is_loopback(host) or way.allow_plain_http:
        return None
    mend = f"write https://{parts.netloc}, or set allow_plain_http = true beside base_url where nobody else can listen"
    if kind is not None:
        return f"must be https: {kind} takes its key over nothing else", mend
    return "must be https: credentials would go out readable for everyone on the way", mend
