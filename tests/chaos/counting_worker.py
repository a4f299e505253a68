"""A worker whose one agent counts the records of each key: the smallest job that shows loss, doubling and wrong state.

    python -m tests.chaos.counting_worker APP IN OUT TABLE   (settings from ORDERLOG__… variables)

Its output for a record is `<input id>|<count of its key>`; its state is the count. A record whose value is `poison`
is refused; one whose value is `large:<n>` makes an output of n bytes, and one of `slow:<n>` takes n milliseconds.
"""

import os
import sys
import time
from collections.abc import Iterable

import uvloop

from streams import log
from streams.record import Output, Record
from streams.runtime.agent import Agent, Quarantine, Step, stepwise
from streams.runtime.app import build
from streams.runtime.state import Overlay
from streams.settings import load


def counting(out: str) -> Step:
    def count(record: Record, state: Overlay) -> Iterable[Output]:
        assert record.key is not None
        number = int(state.get(record.key) or b"0") + 1
        state.set(record.key, str(number).encode())
        value = record.value or b""
        if value == b"poison":
            raise Quarantine("poison", "the record says so")
        if value.startswith(b"slow:"):
            time.sleep(int(value.removeprefix(b"slow:")) / 1000)
        padding = b"|" + b"x" * int(value.removeprefix(b"large:")) if value.startswith(b"large:") else b""
        yield Output(out, record.key, b"%s|%d%s" % (record.header("id") or b"", number, padding))

    return count


def agents(source: str, out: str, table: str) -> list[Agent]:
    return [stepwise("counter", source, counting(out), table)]


def main() -> None:
    app_id, source, out, table = sys.argv[1:5]
    settings = load(None, {**os.environ, "ORDERLOG__STREAMS__APP_ID": app_id})
    log.configure("json", "info", "counter")
    loop = uvloop.new_event_loop()
    app, _ = build(settings, "counter", settings.streams.instance, agents(source, out, table))
    app.Worker(loop=loop).execute_from_commandline()


if __name__ == "__main__":
    main()
