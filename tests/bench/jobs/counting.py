"""Our runtime doing the same job: counts the records of each key.

python -m tests.bench.jobs.counting BOOTSTRAP APP IN OUT TABLE FOLDER
"""

import sys
from collections.abc import Iterable

import uvloop

from streams import log
from streams.record import Output, Record
from streams.runtime.agent import Step, stepwise
from streams.runtime.app import build
from streams.runtime.state import Overlay
from streams.settings import load


def counting(out: str) -> Step:
    def count(record: Record, state: Overlay) -> Iterable[Output]:
        key = record.key or b""
        number = int(state.get(key) or b"0") + 1
        state.set(key, b"%d" % number)
        return (Output(out, key, b"%s|%d" % (record.value, number)),)

    return count


def main() -> None:
    bootstrap, app_id, source, out, table, folder = sys.argv[1:7]
    settings = load(
        None,
        {
            "ORDERLOG__KAFKA__BOOTSTRAP": bootstrap,
            "ORDERLOG__STREAMS__APP_ID": app_id,
            "ORDERLOG__STREAMS__DATA_DIR": folder,
        },
    )
    log.configure("json", "info", "counting")
    app, _ = build(settings, "bench", app_id, [stepwise("counter", source, counting(out), table)])
    app.Worker(loop=uvloop.new_event_loop(), loglevel="info").execute_from_commandline()


if __name__ == "__main__":
    main()
