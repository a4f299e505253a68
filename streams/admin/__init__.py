"""Topics as the configuration needs them: created, compared, mended where that is safe."""

from streams.admin.errors import Refused, Unreachable
from streams.admin.plan import Drift, Kind, Remedy
from streams.admin.topics import Done, create, drifts, verify

__all__ = ["Done", "Drift", "Kind", "Refused", "Remedy", "Unreachable", "create", "drifts", "verify"]
