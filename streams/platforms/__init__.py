"""One module per platform, the same names in each: bytes in, values out, no I/O.

NAME         the platform's name in the configuration
METHODS      the HTTP methods its webhooks come by
EVENTS       its words for events, each with our type and its rank (all that a metric may label by)
identify     what ingest must know of a request: which order, which event
validate     what is wrong with a request, for platforms that show a refusal to their customer; else nothing
normalise    a stored raw record → the order events it states

A platform whose meaning depends on its source's settings offers `configure` instead, which gives such a platform.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from streams.platforms import apicbase, commerceos, duda, external_system, mapping, quickbutik, selldone
from streams.platforms.config import InvalidOptions, SourceConfig, alone
from streams.platforms.webhook import BadItem, Identity, Problem, RawWebhook, Undecodable
from streams.vocabulary import EventType, OrderEvent

__all__ = [
    "PLATFORMS",
    "BadItem",
    "Identity",
    "InvalidOptions",
    "Platform",
    "Problem",
    "RawWebhook",
    "SourceConfig",
    "Undecodable",
    "alone",
    "platform_of",
]


class Platform(Protocol):
    """What a platform module offers."""

    @property
    def NAME(self) -> str: ...

    @property
    def METHODS(self) -> Sequence[str]: ...

    @property
    def EVENTS(self) -> Mapping[str, tuple[EventType, int]]: ...

    def identify(self, body: bytes, query: Mapping[str, str]) -> Identity:
        """Which order this is about, and which event. Never raises: rubbish has no key, and is kept all the same."""

    def validate(self, body: bytes, query: Mapping[str, str]) -> Sequence[Problem]:
        """What is wrong, for a platform that shows its customer why we refuse. Never raises."""

    def normalise(self, webhook: RawWebhook) -> Sequence[OrderEvent | BadItem]:
        """The facts in a stored webhook, in a fixed order. Raises `Undecodable` with a reason for a person."""


FIXED: Mapping[str, Platform] = {module.NAME: module for module in (duda, selldone)}
# These need no options, but what they say depends on their source's settings all the same.
_OPTIONAL = {module.NAME: module.configure for module in (apicbase, commerceos, external_system, quickbutik)}
CONFIGURED: Mapping[str, Callable[[SourceConfig], Platform]] = {**_OPTIONAL, mapping.NAME: mapping.configure}

NAMES = frozenset((*FIXED, *CONFIGURED))


def platform_of(config: SourceConfig) -> Platform:
    """The platform that reads for this source. Raises `KeyError` (no such platform), `InvalidOptions`."""
    if config.platform in CONFIGURED:
        return CONFIGURED[config.platform](config)
    if config.options:
        first = next(iter(config.options))
        raise InvalidOptions([((first,), "no such setting", f"the platform {config.platform} takes no options")])
    return FIXED[config.platform]


# Every platform that needs no options.
PLATFORMS: Mapping[str, Platform] = {**FIXED, **{name: configure(alone(name)) for name, configure in _OPTIONAL.items()}}
