"""Which broker a command asks."""

from streams.settings import Settings, SettingsError


def bootstrap_of(settings: Settings) -> str:
    """Raises `SettingsError` where the settings name none."""
    if settings.kafka.bootstrap is None:
        what = "kafka.bootstrap is not set: say where the broker is"
        hint = "beside `orderlog up` with its own broker: ORDERLOG__KAFKA__BOOTSTRAP, as its line `up` says at start"
        raise SettingsError([f"{what} ({hint})"])
    return settings.kafka.bootstrap
