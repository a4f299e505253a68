"""`python -m ingest.child`: one of several processes that share the port. Started by `ingest.processes` only."""

import sys

from ingest import process
from ingest.processes import settings_of_child
from streams import listener, log
from streams.settings import SettingsError


def main() -> None:
    """Serves until SIGTERM. Exits with 2 where the settings do not allow it to start: trying again would not help."""
    settings = settings_of_child()
    log.configure(settings.log.format, settings.log.level, "ingest")
    try:
        process.run(settings, listener.bind(settings.ingest.host, settings.ingest.port, shared=True))
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
