"""Keeps one server busy with signed webhooks over 64 connections; prints one JSON object of what came back.

    python -m tests.bench.jobs.load PORT WARM_UP_S SECONDS   (the secret: BENCH_DUDA_SECRET)

The body is the example of Duda's own documents, with order numbers of the same length in the place of its own, so that
keys spread over the partitions. Closed loop: each connection sends its next request when the answer is there.
"""

import asyncio
import itertools
import os
import sys
import time

import orjson
import uvloop

from streams.demo.payloads import example
from streams.demo.sign import sign
from streams.demo.webhook import DUDA, Kind, Request, Webhook
from tests.bench.http import Connection, Tally, request_bytes
from tests.bench.lines import percentile

CONNECTIONS = 64
ORDERS = 512


def requests(secret: bytes) -> list[bytes]:
    """Signed now; good for as long as the signature's tolerance."""
    body = example(DUDA, "order_created")
    number = orjson.loads(body)["data"]["invoice_number"].encode()
    now_ms = int(time.time() * 1000)
    made = []
    for order in range(ORDERS):
        other = body.replace(number, str(order).zfill(len(number)).encode()[-len(number) :])
        signed = sign(Webhook(order, DUDA, Kind.ORDER, Request(other)), {DUDA: secret}, now_ms)
        made.append(request_bytes(f"/webhooks/{DUDA}", signed.headers, other))
    return made


async def run(port: int, warm_up_s: float, seconds: float, secret: bytes) -> dict[str, object]:
    loop, tally = asyncio.get_running_loop(), Tally()
    supply = itertools.cycle(requests(secret))
    connections = []
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(lambda: Connection(supply.__next__, tally), "127.0.0.1", port)
        connections.append(connection)
    await asyncio.sleep(warm_up_s)
    tally.counting, started = True, time.perf_counter()
    await asyncio.sleep(seconds)
    tally.counting, passed = False, time.perf_counter() - started
    broken = sum(connection.broken for connection in connections)
    for connection in connections:
        connection.close()
    return {
        "per_second": tally.statuses[200] / passed,
        "answers": tally.answers,
        "refused": sum(tally.statuses.values()) - tally.statuses[200],
        "broken": broken,
        "p50_ms": percentile(tally.took_s, 50) * 1000,
        "p99_ms": percentile(tally.took_s, 99) * 1000,
    }


def main() -> None:
    port, warm_up_s, seconds = sys.argv[1:4]
    secret = os.environ["BENCH_DUDA_SECRET"].encode()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(run(int(port), float(warm_up_s), float(seconds), secret))
    print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main()
