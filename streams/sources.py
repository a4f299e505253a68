"""From the settings to the platforms that read for the sources."""

from streams.platforms import Platform, SourceConfig, platform_of
from streams.settings.model import Settings, Source


def config_of(source: Source, settings: Settings) -> SourceConfig:
    """What the platform of `source` is told."""
    return SourceConfig(
        name=source.name,
        platform=source.platform,
        orders_of=source.orders_of or source.name,
        sources=frozenset(each.name for each in settings.sources),
        options=source.options,
    )


def platforms(settings: Settings) -> dict[str, Platform]:
    """The platform of each source, by the source's name. Raises `KeyError`, `InvalidOptions`."""
    return {source.name: platform_of(config_of(source, settings)) for source in settings.sources}
