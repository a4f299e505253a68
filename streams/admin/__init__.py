"""Topics as the configuration needs them: created, compared, mended where that is safe."""

from streams.admin.plan import Drift, Kind
from streams.admin.topics import Unreachable, create, drifts

__all__ = ["Drift", "Kind", "Unreachable", "create", "drifts"]
