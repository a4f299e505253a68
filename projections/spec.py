"""A target as far as deciding goes."""

from dataclasses import dataclass
from datetime import datetime

from streams.settings.commerceos import CommerceOS
from streams.settings.model import Settings, Target


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """`own`: the sources through which the target itself speaks. `commerceos`: what a target of that kind is set to.
    `since`: of orders placed then or later; None: all.
    """

    name: str
    kind: str
    own: frozenset[str] = frozenset()
    commerceos: CommerceOS | None = None
    since: datetime | None = None

    @property
    def voices(self) -> frozenset[str]:
        """Who is this target, among those who say things of an order."""
        return self.own | {self.name}


def spec_of(settings: Settings, target: Target, source: str | None = None) -> TargetSpec:
    """A target speaks through the sources of the platform that it is; a shop's API only through its own shop's, and of
    several CommerceOS none through the source that another one's poll is kept under.

    `source`: whose orders are meant; they go there from the date of their route on.
    """
    others = {
        each.commerceos.poll.source
        for each in settings.targets
        if each.commerceos is not None and each.commerceos.poll is not None and each.name != target.name
    }
    mine = target.commerceos.poll.source if target.commerceos and target.commerceos.poll else None
    own = frozenset(
        source.name
        for source in settings.sources
        if source.platform == target.kind
        and source.fetch_from in (None, target.name)
        and (source.name == mine or source.name not in others)
    )
    since = None if source is None else settings.since(source, target.name)
    return TargetSpec(target.name, target.kind, own, target.commerceos, since)
