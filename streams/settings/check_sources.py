"""What no single field of a source can tell: what its platform makes of its options, and the names it refers to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from streams.settings.lines import Path

Finding = tuple[Path, str, str]
# (number of the source, the raw table) → problems with its options, each with its path within them
Options = Callable[[Mapping[str, Any], frozenset[str]], Sequence[tuple[Path, str, str]]]

# Platforms whose webhooks name an order and say nothing of it.
THIN = frozenset({"quickbutik"})
FETCH_KINDS = frozenset({"quickbutik"})
# Platforms that speak of other sources' orders; `mapping` only where its option `refers` says so.
REFERRING = frozenset({"commerceos", "external-system", "mapping"})
# Platforms that read an order by itself, as an API lists it; the others know it only inside of a webhook.
POLLED = frozenset({"apicbase", "commerceos", "mapping"})


def check_sources(
    sources: Sequence[tuple[int, Mapping[str, Any]]], targets: Sequence[Mapping[str, Any]], options: Options
) -> Iterator[Finding]:
    """Each such mistake in the raw tables."""
    names = frozenset(name for _, table in sources if isinstance(name := table.get("name"), str))
    kinds = {name: target.get("kind") for target in targets if isinstance(name := target.get("name"), str)}
    for number, table in sources:
        path: Path = ("sources", number)
        yield from (((*path, *inner), what, mend) for inner, what, mend in _links(table, names, kinds))
        for inner, what, mend in options(table, names):
            yield (*path, "options", *inner), what, mend
    yield from _clients(sources)


def _clients(sources: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[Finding]:
    """The token endpoint finds the source by the client's id."""
    seen: set[str] = set()
    for number, table in sources:
        auth = table.get("auth")
        if not isinstance(auth, Mapping) or auth.get("scheme") != "oauth2":
            continue
        if isinstance(client := auth.get("client_id"), str):
            if client in seen:
                path: Path = ("sources", number, "auth", "client_id")
                yield path, "an earlier source has this client too", "give each source a client of its own"
            seen.add(client)


def _links(
    table: Mapping[str, Any], names: frozenset[str], kinds: Mapping[str, object]
) -> Iterator[tuple[Path, str, str]]:
    owner, fetch, platform = table.get("orders_of"), table.get("fetch_from"), table.get("platform")
    if isinstance(owner, str) and owner not in names:
        yield ("orders_of",), f"no source has the name {owner}", f"sources: {', '.join(sorted(names))}"
    able = sorted(name for name, kind in kinds.items() if isinstance(kind, str) and kind in FETCH_KINDS)
    mend = f"targets that can: {', '.join(able)}" if able else 'add [[targets]] with kind = "quickbutik"'
    if isinstance(platform, str) and platform in THIN and fetch is None:
        yield ("fetch_from",), f"is required: a webhook of {platform} says only that an order exists", mend
    if isinstance(fetch, str) and fetch not in able:
        yield ("fetch_from",), f"no target named {fetch} can fetch orders", mend
    yield from _idle(table)


def _idle(table: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Settings that would do nothing, or only fill the quarantine, with this platform."""
    platform, options = str(table.get("platform")), table.get("options")
    refers = platform != "mapping" or (isinstance(options, Mapping) and options.get("refers") is True)
    if "orders_of" in table and not (platform in REFERRING and refers):
        mend = "set options.refers = true" if platform == "mapping" else f"it is for {', '.join(sorted(REFERRING))}"
        yield ("orders_of",), "its webhooks speak of no other source's orders", f"{mend}, or leave it out"
    if "fetch_from" in table and platform not in THIN:
        mend = f"it is for {', '.join(sorted(THIN))}; leave it out"
        yield ("fetch_from",), "its webhooks hold the whole order, so nothing would ever be fetched", mend
    if "poll" in table and platform not in POLLED:
        mend = f"it is for {', '.join(sorted(POLLED))}; leave it out"
        yield ("poll",), f"the platform {platform} reads webhooks, and not what an API lists", mend
