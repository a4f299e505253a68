"""Around a run: a folder for its data, what is told of its processes, keeping it running, cleaning up."""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from streams.demo import setting
from streams.demo.apis import ApiFailed
from streams.demo.borrowed import Borrowed, NotClean
from streams.demo.cluster import Cluster, SetupFailed
from streams.demo.options import Options
from streams.demo.read import ReadTimeout
from streams.demo.run import Result, reads, run
from streams.demo.show import Show
from streams.supervisor import Event, EventKind

GOOD, BAD = 0, 1


class Stage:
    """Plays once."""

    def __init__(self, options: Options, bootstrap: str | None, console: Console) -> None:
        self.is_ending = False
        self._options, self._bootstrap, self._show = options, bootstrap, Show(console)
        self._gone: set[str] = set()
        made = setting.make(usual_ports=options.keep)
        self._data = Path(tempfile.mkdtemp(prefix="orderlog-demo-"))
        self._cluster = Cluster(made, self._data, self._heard)
        self._borrowed = Borrowed(bootstrap, made.topics, list(reads(made))) if bootstrap else None

    async def play(self) -> int:
        """The exit code. Ends clean whatever happens, cancellation included."""
        result: Result | None = None
        failed = False
        try:
            if self._borrowed:
                await self._borrowed.check()
            result = await self._run()
            failed = not result.is_good
            self._tell(result)
            if self._options.keep:
                await self._kept()
        except (SetupFailed, NotClean, ReadTimeout, ApiFailed) as error:
            failed = True
            self._show.trouble(f"{error}")
        finally:
            await self._end(keep_data=failed or (self._options.keep and result is not None))
        if result is not None and self._options.json:
            print(result.summary.to_json(), flush=True)
        return BAD if failed else GOOD

    def kill_all(self) -> None:
        self._cluster.kill_all()

    async def _run(self) -> Result:
        """The run, or the end of a part that will not come back, whichever is first."""
        work = asyncio.create_task(run(self._cluster, self._bootstrap, self._options, self._show))
        gave_up = asyncio.create_task(self._cluster.gave_up())
        try:
            await asyncio.wait({work, gave_up}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise SetupFailed(gave_up.result())
            return work.result()
        finally:
            for task in (work, gave_up):
                task.cancel()
                with suppress(asyncio.CancelledError, SetupFailed, ReadTimeout, ApiFailed):
                    await task

    async def _kept(self) -> None:
        self._show.note("everything is still running: Ctrl-C ends it")
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def _end(self, *, keep_data: bool) -> None:
        self.is_ending = True
        with self._show.waiting("stopping"):
            await self._cluster.stop()
            if self._borrowed:
                await self._borrowed.give_back()
        if keep_data and any(self._cluster.logs.iterdir()):
            self._show.note(f"logs and data are in {self._data}")
        else:
            shutil.rmtree(self._data, ignore_errors=True)

    def _tell(self, result: Result) -> None:
        if result.is_good:
            self._show.step(f"nothing lost, nothing doubled, in {result.summary.seconds:.1f} s")
        else:
            self._show.trouble("this run did not go as it should")
        self._show.next_steps(self._cluster, running=self._options.keep, borrowed=self._borrowed is not None)

    def _heard(self, event: Event) -> None:
        """Ends that nobody asked for, and returns."""
        if self.is_ending or event.program == "topics":
            return
        if event.kind is EventKind.EXITED:
            self._gone.add(event.program)
            self._show.note(f"{event.program} (pid {event.pid}) ended: {_how(event.code)}")
        elif event.kind is EventKind.STARTED and event.program in self._gone:
            self._show.note(f"{event.program} is back (pid {event.pid})")


def _how(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
