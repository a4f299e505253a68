"""A target as far as deciding goes."""

from dataclasses import dataclass

from streams.settings.commerceos import CommerceOS


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """`own`: the sources through which the target itself speaks. `commerceos`: what a target of that kind is set to."""

    name: str
    kind: str
    own: frozenset[str] = frozenset()
    commerceos: CommerceOS | None = None

    @property
    def voices(self) -> frozenset[str]:
        """Who is this target, among those who say things of an order."""
        return self.own | {self.name}
