"""Sends generated webhooks at a steady rate, whatever the answers take; prints one JSON object of what came back.

python -m tests.bench.jobs.pace PORT PER_SECOND COUNT   (the sources' secrets as the demo's variables)
"""

import asyncio
import os
import sys
import time
from collections import deque
from datetime import UTC, datetime

import orjson
import uvloop

from streams.demo.setting import SECRET_NAMES
from streams.demo.sign import sign
from tests.bench.http import Connection, Tally, request_bytes
from tests.bench.lines import percentile
from tests.bench.webhooks import SOURCES, paced

CONNECTIONS = 64
# An order's webhooks come this far apart.
GAP_S = 4
LAST_ANSWERS_S = 10.0
TICK_S = 0.002


async def run(port: int, per_second: int, requests: list[bytes]) -> dict[str, float]:
    loop, tally = asyncio.get_running_loop(), Tally()
    tally.counting = True
    free: deque[Connection] = deque()

    def answered(connection: Connection, status: int, took_s: float) -> None:
        tally(connection, status, took_s)
        free.append(connection)

    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(lambda: Connection(lambda: None, answered), "127.0.0.1", port)
        free.append(connection)
    late_s, started = 0.0, time.perf_counter()
    for number, request in enumerate(requests):
        due = started + number / per_second
        while (now := time.perf_counter()) < due or not free:
            await asyncio.sleep(TICK_S)
        late_s = max(late_s, now - due)
        free.popleft().send(request)
    sent_s = time.perf_counter() - started
    async with asyncio.timeout(LAST_ANSWERS_S):
        while tally.answers < len(requests):
            await asyncio.sleep(TICK_S)
    return {
        "per_second": len(requests) / sent_s,
        "accepted": tally.statuses[200],
        "late_ms_max": late_s * 1000,
        "answer_p50_ms": percentile(tally.took_s, 50) * 1000,
        "answer_p99_ms": percentile(tally.took_s, 99) * 1000,
    }


def main() -> None:
    port, per_second, count = map(int, sys.argv[1:4])
    known = {source: os.environ[SECRET_NAMES[source]].encode() for source in SOURCES}
    now_ms = int(time.time() * 1000)
    requests = [
        request_bytes(f"/webhooks/{webhook.source}", sign(webhook, known, now_ms).headers, webhook.request.body)
        for webhook in paced(count, GAP_S * per_second, datetime.now(UTC))
    ]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(orjson.dumps(runner.run(run(port, per_second, requests))).decode())


if __name__ == "__main__":
    main()
