"""Settings: `orderlog.toml`, overridden by `ORDERLOG__SECTION__KEY` (DESIGN section 6, a contract)."""

from streams.settings.load import SettingsError, check_secrets, find, load
from streams.settings.model import Settings

__all__ = ["Settings", "SettingsError", "check_secrets", "find", "load"]
