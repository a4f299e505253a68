"""Restores every partition of a state table at once, as a worker does that starts afresh.

python -m tests.bench.jobs.restore BOOTSTRAP TOPIC PARTITIONS   → {"records", "seconds", "cpu_s"}
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import orjson

from streams.runtime.changelog import restore
from streams.runtime.state import MemoryStore


def main() -> None:
    bootstrap, topic, partitions = sys.argv[1], sys.argv[2], int(sys.argv[3])
    stores = [MemoryStore() for _ in range(partitions)]
    started, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(partitions) as pool:
        jobs = [
            pool.submit(restore, bootstrap, topic, number, 0, store, lambda progress: None)
            for number, store in enumerate(stores)
        ]
        for job in jobs:
            job.result(120)
    found = {
        "records": sum(map(len, stores)),
        "seconds": time.perf_counter() - started,
        "cpu_s": time.process_time() - used,
    }
    print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main()
