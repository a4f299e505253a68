"""Stock Faust doing the counting worker's job, as its documentation has it: exactly-once, a Table, an output topic.

BENCH_ARGUMENTS="BOOTSTRAP GROUP IN OUT FOLDER" faust -A tests.bench.jobs.faust_counting -L uvloop worker …
"""

import os

import faust

bootstrap, group, source, out, folder = os.environ["BENCH_ARGUMENTS"].split()

app = faust.App(
    group,
    broker=f"kafka://{bootstrap}",
    processing_guarantee="exactly_once",
    store="memory://",
    datadir=folder,
    topic_partitions=4,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    web_enabled=False,
)
read = app.topic(source, key_serializer="raw", value_serializer="raw")
written = app.topic(out, key_serializer="raw", value_serializer="raw")
counts = app.Table("counts", default=int, partitions=4, key_type=bytes)


@app.agent(read)
async def count(stream: faust.Stream) -> None:
    async for key, value in stream.items():
        number = counts[key] + 1
        counts[key] = number
        await written.send(key=key, value=b"%s|%d" % (value, number))
