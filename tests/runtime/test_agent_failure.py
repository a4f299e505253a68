"""Faust would acknowledge the record of an agent that raised, and quietly start the agent again."""

import subprocess
import sys

from streams.runtime.fatal import EXIT_ABORTED

SCRIPT = """
import asyncio
from types import SimpleNamespace
from streams.runtime.app import _faust_agent

class Stream:
    async def events(self):
        yield SimpleNamespace(message=SimpleNamespace(topic="t", partition=0), value=[])

class Assignment:
    def deliver(self, topic, number, records):
        raise RuntimeError("broken on purpose")

asyncio.run(_faust_agent(Assignment())(Stream()))
print("went on")
"""


def test_agent_that_raises_ends_the_process_instead_of_starting_again() -> None:
    """Going on after an error would skip what the agent had in hand."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, timeout=60, check=False)
    assert EXIT_ABORTED == done.returncode
    assert b"went on" not in done.stdout
    assert b"broken on purpose" in done.stdout + done.stderr
