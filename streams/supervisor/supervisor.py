"""The supervisor: any number of programs, each kept running until it is stopped or gives up."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from itertools import groupby

from streams.supervisor.backoff import Backoff
from streams.supervisor.child import Child
from streams.supervisor.program import Event, EventKind, OnEvent, OnLine, Program


class _Kept:
    """A program, the child that runs it now, and the wish to stop it."""

    def __init__(self, program: Program, child: Child) -> None:
        self.program = program
        self.child = child
        self.stopping = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Supervisor:
    """Use it from one event loop, in a thread that outlives the children (see launcher).

    `on_event` hears of starts and ends, `on_line(program, line)` gets what the children write; both must not block.
    `chance` gives uniform numbers in [0, 1) for the jitter.
    """

    def __init__(
        self,
        *,
        on_event: OnEvent = lambda event: None,
        on_line: OnLine = lambda program, line: None,
        backoff: Backoff | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._on_event = on_event
        self._on_line = on_line
        self._backoff = backoff or Backoff()
        self._chance = chance
        self._kept: dict[str, _Kept] = {}
        self._once: dict[str, Child] = {}
        self._over: asyncio.Future[Event | None] = asyncio.get_running_loop().create_future()

    async def start(self, program: Program) -> int:
        """Starts it and keeps it running; gives the first pid. Raises `ValueError` for a name that is taken."""
        if program.name in self._kept:
            raise ValueError(f"{program.name} is already supervised")
        kept = self._kept[program.name] = _Kept(program, await self._spawn(program))
        kept.task = asyncio.create_task(self._keep(kept))
        return kept.child.pid

    async def run_once(self, program: Program, timeout_s: float) -> int:
        """Runs a program that ends by itself; its exit code, or -9 where it had to be killed after `timeout_s`."""
        child = self._once[program.name] = await self._spawn(program)
        try:
            await asyncio.wait_for(child.wait(), timeout_s)
        except TimeoutError:
            self._tell(EventKind.FORCED, program, child)
        finally:
            child.kill_group()
            code = await child.wait()
            del self._once[program.name]
        self._tell(EventKind.EXITED, program, child, code=code)
        return code

    def pids(self) -> dict[str, int]:
        """The processes that run now, by program."""
        return {name: kept.child.pid for name, kept in self._kept.items() if kept.child.is_running}

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a signal to one child; it is restarted if it dies of it. Gives the pid. Raises `KeyError`."""
        child = self._kept[name].child
        child.send(number)
        return child.pid

    async def wait(self) -> Event | None:
        """Until everything is stopped (None), or a program gave up (its event; the others still run)."""
        return await asyncio.shield(self._over)

    async def stop(self) -> None:
        """Stops everything, lowest `stop_order` first, each group only after the one before it is gone."""
        order = sorted(self._kept.values(), key=lambda kept: kept.program.stop_order)
        for _, group in groupby(order, key=lambda kept: kept.program.stop_order):
            await asyncio.gather(*(self._stop(kept) for kept in list(group)))
        if not self._over.done():
            self._over.set_result(None)

    def kill_all(self) -> None:
        """SIGKILL to every child at once: for a second Ctrl-C. `stop` still has to be awaited."""
        for kept in self._kept.values():
            kept.stopping.set()
            kept.child.kill_group()
        for child in self._once.values():
            child.kill_group()

    async def _spawn(self, program: Program) -> Child:
        child = await Child.spawn(program, lambda line: self._on_line(program.name, line))
        self._tell(EventKind.STARTED, program, child)
        return child

    async def _keep(self, kept: _Kept) -> None:
        failures = runs = 0
        while True:
            code = await kept.child.wait()
            self._tell(EventKind.EXITED, kept.program, kept.child, code=code)
            if kept.stopping.is_set():
                return
            runs += 1
            if code in kept.program.fatal_codes and runs == 1:
                self._give_up(kept, code)
                return
            failures = self._backoff.failures(failures, kept.child.ran_s())
            if await self._pause(kept, self._backoff.delay_s(failures, self._chance())):
                return
            try:
                kept.child = await self._spawn(kept.program)
            except OSError:  # no process can be made here any more
                self._give_up(kept, os.EX_OSERR)
                return
            if kept.stopping.is_set():  # came while the process was being made
                await self._end(kept)

    async def _pause(self, kept: _Kept, delay_s: float) -> bool:
        """Waits before a restart; whether the program is to stop instead."""
        self._tell(EventKind.RESTARTING, kept.program, kept.child, delay_s=delay_s)
        try:
            await asyncio.wait_for(kept.stopping.wait(), delay_s)
        except TimeoutError:
            return False
        return True

    def _give_up(self, kept: _Kept, code: int) -> None:
        event = self._tell(EventKind.GAVE_UP, kept.program, kept.child, code=code)
        if not self._over.done():
            self._over.set_result(event)

    async def _stop(self, kept: _Kept) -> None:
        kept.stopping.set()
        await self._end(kept)
        if kept.task is not None:
            await kept.task

    async def _end(self, kept: _Kept) -> None:
        if kept.child.is_running:
            self._tell(EventKind.STOPPING, kept.program, kept.child)
            if await kept.child.stop(kept.program.stop_timeout_s):
                self._tell(EventKind.FORCED, kept.program, kept.child)

    def _tell(
        self, kind: EventKind, program: Program, child: Child, *, code: int | None = None, delay_s: float | None = None
    ) -> Event:
        event = Event(kind, program.name, child.pid, code, delay_s)
        self._on_event(event)
        return event
