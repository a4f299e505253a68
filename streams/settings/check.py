"""What no single field can tell: names that repeat, collide or lead nowhere, and doors left open."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from streams import topics
from streams.settings import check_sources, check_targets, check_urls
from streams.settings.addresses import is_loopback
from streams.settings.lines import Path
from streams.settings.model import Ingest, Projections, Source, Target

Finding = tuple[Path, str, str]
M = TypeVar("M", bound=BaseModel)


def check(
    data: Mapping[str, Any], platforms: Callable[[], Collection[str]], options: check_sources.Options
) -> Iterator[Finding]:
    """Each such mistake in the raw settings. Parts that are wrong by themselves are passed over: reported elsewhere."""
    yield from _names(data, "sources", (topics.webhooks,))
    yield from _names(data, "targets", (topics.commands, topics.deliveries))
    yield from _routes(data)
    yield from _platforms(data, platforms)
    yield from _open_doors(data)
    yield from check_urls.check_urls(_each_valid(data, "targets", Target), _each_valid(data, "sources", Source))
    sources, targets = list(_tables(data, "sources")), list(_tables(data, "targets"))
    yield from check_sources.check_sources(sources, [table for _, table in targets], options)
    valid = list(_each_valid(data, "targets", Target))
    yield from check_targets.check_targets(targets, valid, sources, list(_tables(data, "routes")))


def _names(data: Mapping[str, Any], section: str, makers: tuple[Callable[[str], str], ...]) -> Iterator[Finding]:
    reserved = {topic.name for topic in topics.table((), ())}
    seen: set[str] = set()
    for number, name in _each(data, section, "name"):
        path: Path = (section, number, "name")
        if name in seen:
            yield path, f"the name {name} is taken by an earlier one", "give each a name of its own"
        seen.add(name)
        for topic in (make(name) for make in makers):
            if topic in reserved:
                yield path, f"the name {name} would share the topic {topic} with Orderlog itself", "choose another name"


def _routes(data: Mapping[str, Any]) -> Iterator[Finding]:
    fetched = {
        table["name"]
        for _, table in _tables(data, "targets")
        if isinstance(table.get("name"), str) and table.get("kind") in sorted(check_sources.FETCH_KINDS)
    }
    for end, section, one in (("from", "sources", "source"), ("to", "targets", "target")):
        known = {name for _, name in _each(data, section, "name")}
        for number, route in _tables(data, "routes"):
            names = route.get(end)
            for place, name in enumerate(names if isinstance(names, list) else ()):
                if end == "to" and isinstance(name, str) and (others := _strangers(data, route, name, fetched)):
                    what = f"the target {name} is told of its own shop's orders only, not of those of {others}"
                    yield ("routes", number, end, place), what, "route only sources to it that name it in fetch_from"
                if isinstance(name, str) and name not in known:
                    listed = ", ".join(sorted(known)) or f"there is none: add [[{section}]]"
                    yield ("routes", number, end, place), f"no {one} has the name {name}", f"{section}: {listed}"


def _strangers(data: Mapping[str, Any], route: Mapping[str, Any], target: str, fetched: Collection[str]) -> str:
    """The sources of a route to a shop's API that are not that shop."""
    own = {table.get("name") for _, table in _tables(data, "sources") if table.get("fetch_from") == target}
    froms = route.get("from")
    others = [name for name in (froms if isinstance(froms, list) else ()) if name not in own]
    return ", ".join(map(str, others)) if target in fetched else ""


def _platforms(data: Mapping[str, Any], platforms: Callable[[], Collection[str]]) -> Iterator[Finding]:
    for number, platform in _each(data, "sources", "platform"):
        if platform not in platforms():
            path: Path = ("sources", number, "platform")
            yield path, f"the platform {platform} is not known", f"one of {', '.join(sorted(platforms()))}"


def _open_doors(data: Mapping[str, Any]) -> Iterator[Finding]:
    ingest = _valid(Ingest, data.get("ingest", {}))
    if ingest and not is_loopback(ingest.host) and not ingest.allow_unauthenticated:
        for number, source in _each_valid(data, "sources", Source):
            if source.auth.scheme == "none" and not source.allow_unauthenticated:
                mend = "choose a scheme, bind ingest.host to loopback, or set allow_unauthenticated = true"
                yield ("sources", number, "auth"), "anyone on the network could send orders here", mend
    reader = _valid(Projections, data.get("projections", {}))
    if reader and not is_loopback(reader.host) and reader.token is None and not reader.operators:
        mend = 'set projections.token = "env:NAME", or bind projections.host to loopback'
        yield ("projections", "host"), "anyone on the network could read every order", mend


def _tables(data: Mapping[str, Any], section: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    tables = data.get(section)
    for number, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, Mapping):
            yield number, table


def _each(data: Mapping[str, Any], section: str, key: str) -> Iterator[tuple[int, str]]:
    for number, table in _tables(data, section):
        if isinstance(value := table.get(key), str):
            yield number, value


def _each_valid(data: Mapping[str, Any], section: str, model: type[M]) -> Iterator[tuple[int, M]]:
    """The tables that are right by themselves."""
    for number, table in _tables(data, section):
        if (valid := _valid(model, table)) is not None:
            yield number, valid


def _valid(model: type[M], raw: Any) -> M | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None
