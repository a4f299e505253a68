"""What no single field of a target can tell: mappings that what it is set to do needs, and sources it cannot serve."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streams.settings.commerceos import CommerceOS, Identifiers
from streams.settings.lines import Path
from streams.settings.model import Target

Finding = tuple[Path, str, str]
Tables = Sequence[tuple[int, Mapping[str, Any]]]

COMMERCEOS, INVENTORY = "commerceos", "inventory"
# Platforms whose orders move the stock where their source does not say.
TRACKED_PLATFORMS = frozenset({"duda"})


def check_targets(
    targets: Tables, valid: Sequence[tuple[int, Target]], sources: Tables, routes: Tables
) -> Iterator[Finding]:
    """Each such mistake. `valid`: the targets that are right by themselves; the rest are raw tables."""
    for number, table in targets:
        for section in ("identifiers", "commerceos"):
            yield from _section(("targets", number, section), table, section)
        if "product" in table and table.get("kind") != INVENTORY:
            what = f"has no effect: the kind {table.get('kind')} is told of no products by themselves"
            yield ("targets", number, "product"), what, f"it is for {INVENTORY}; leave it out"
    for number, target in valid:
        if target.identifiers is not None and target.commerceos is not None:
            suppliers = [source for source in _routed(target.name, sources, routes) if _names_a_supplier(source)]
            yield from _namespaces(("targets", number, "identifiers"), target.identifiers, target.commerceos, suppliers)
            yield from _rate(("targets", number, "rate_per_second"), target.rate_per_second, target.commerceos)
            yield from _poll(number, target.identifiers, target.commerceos, sources)
    yield from _stock(targets, sources, routes)


def _section(path: Path, table: Mapping[str, Any], section: str) -> Iterator[Finding]:
    kind = table.get("kind")
    if kind == COMMERCEOS and section not in table:
        mend = "write [targets.identifiers]" if section == "identifiers" else "write [targets.commerceos]"
        yield path, "is required: it says what is called how there", f"{mend} as in docs/targets/commerceos.md"
    if kind != COMMERCEOS and section in table:
        yield path, f"has no effect: the kind {kind} knows no such mapping", f"it is for {COMMERCEOS}; leave it out"


def _namespaces(
    path: Path, identifiers: Identifiers, mapping: CommerceOS, suppliers: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """Those that only what uses them needs."""
    for name, is_needed, why in (
        ("channel", mapping.poll is not None, "the poll asks for the orders of one source by it"),
        (
            "channel",
            mapping.reconcile is not None and mapping.poll is None,
            "the orders of one source are compared by it",
        ),
        ("payment_order", mapping.payment_orders != "never", f'payment_orders is "{mapping.payment_orders}"'),
        ("shipment_order", mapping.shipments == "shipment_order", 'shipments is "shipment_order"'),
        ("supplier", bool(suppliers), f"the source {suppliers[0].get('name') if suppliers else ''} names suppliers"),
    ):
        if is_needed and getattr(identifiers, name) is None:
            yield (*path, name), f"is required: {why}", f'write {name} = "com.acme.…", as it is called at CommerceOS'


def _rate(path: Path, rate_per_second: float, mapping: CommerceOS) -> Iterator[Finding]:
    if rate_per_second <= mapping.set_aside_per_second:
        what = f"leaves nothing for commands: {mapping.set_aside_per_second:g} of it is set aside for reading"
        yield path, what, "raise it, or lower commerceos.reads_per_second"


def _poll(number: int, identifiers: Identifiers, mapping: CommerceOS, sources: Tables) -> Iterator[Finding]:
    if mapping.poll is None:
        return
    able = {table.get("name"): (at, table) for at, table in sources if table.get("platform") == COMMERCEOS}
    if mapping.poll.source not in able:
        listed = ", ".join(sorted(map(str, able))) or f'there is none: add [[sources]] with platform = "{COMMERCEOS}"'
        what = f"no source of platform {COMMERCEOS} has the name {mapping.poll.source}"
        yield ("targets", number, "commerceos", "poll", "source"), what, f"such sources: {listed}"
        return
    at, table = able[mapping.poll.source]
    if "poll" in table:
        what = f"the source {mapping.poll.source} is polled by itself already"
        yield ("targets", number, "commerceos", "poll", "source"), what, "leave out one of the two"
    options = table.get("options")
    read = options.get("order_identifier") if isinstance(options, Mapping) else None
    if read is not None and read != identifiers.order:
        what = f"is not identifiers.order of the target that is polled ({identifiers.order})"
        yield ("sources", at, "options", "order_identifier"), what, "set both to what CommerceOS has our ids under"


def _stock(targets: Tables, sources: Tables, routes: Tables) -> Iterator[Finding]:
    """A route there from a source that moves nothing would look as if it did."""
    takers = {table.get("name") for _, table in targets if table.get("kind") == INVENTORY}
    idle = {table.get("name"): table for _, table in sources if not _is_tracked(table)}
    for number, route in routes:
        froms = [name for name in _names(route.get("from")) if name in idle]
        for place, name in enumerate(_names(route.get("to"))):
            if name in takers and froms:
                what = f"the target {name} is told of movements of stock, and orders of {', '.join(froms)} make none"
                yield ("routes", number, "to", place), what, "set tracks_stock = true there, or route others only"


def _routed(target: str, sources: Tables, routes: Tables) -> Iterator[Mapping[str, Any]]:
    """The sources whose orders go there."""
    names = {name for _, route in routes if target in _names(route.get("to")) for name in _names(route.get("from"))}
    return (table for _, table in sources if table.get("name") in names)


def _names_a_supplier(source: Mapping[str, Any]) -> bool:
    """Of the platforms only a mapping can; an order of CommerceOS' own is not sent there."""
    options = source.get("options")
    order = options.get("order") if isinstance(options, Mapping) else None
    return source.get("platform") == "mapping" and isinstance(order, Mapping) and "supplier" in order


def _is_tracked(source: Mapping[str, Any]) -> bool:
    said = source.get("tracks_stock")
    return source.get("platform") in sorted(TRACKED_PLATFORMS) if said is None else said is True


def _names(value: Any) -> list[str]:
    """TOML lets anything stand there: what is no name is reported elsewhere."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
