"""Waits that end when the partition is wanted elsewhere, and requests that come to the owner of the first one."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from streams.record import Output
from streams.runtime.partition import Partition

T = TypeVar("T")

# The one partition of the requests that counts; a request that lies in another is brought there.
FIRST = 0


class Closing(Exception):
    """The partition is being given up."""


async def unless_closing(partition: Partition, doing: Coroutine[Any, Any, T]) -> T:
    """Gives up at once where the partition is wanted elsewhere: nothing is lost by it. Raises `Closing`."""
    task = asyncio.ensure_future(doing)
    task.add_done_callback(lambda _: partition.wake())
    try:
        while not task.done():
            if partition.closing:
                raise Closing
            await partition.wait(None)
        return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def bring(partition: Partition) -> None:
    """Requests go to the partition whose owner polls, in one transaction with their offset."""
    while not partition.closing:
        await partition.wait(None)
        if partition.closing:
            return
        if records := partition.take():
            outputs = [Output(each.topic, each.key, each.value, tuple(each.headers), FIRST) for each in records]
            await partition.commit(outputs, {}, records[-1].offset + 1)
