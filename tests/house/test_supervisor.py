"""Supervision, with real child processes. Invariant: nothing is left running that nobody looks after."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from streams.supervisor import Backoff, Event, EventKind, Program, Supervisor

QUICK = Backoff(first_s=0.05, factor=2, max_s=0.4, jitter=0, healthy_s=60)
WAIT_S = 40

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
CRASHER = "import sys; print('no', flush=True); sys.exit(7)"
WRONG_SETTINGS = "import sys; sys.exit(2)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(child.pid, flush=True); time.sleep(600)"
)


class Seen:
    """What a supervisor told, in order."""

    def __init__(self) -> None:
        self.events: list[tuple[float, Event]] = []
        self.lines: list[tuple[str, str]] = []

    def event(self, event: Event) -> None:
        self.events.append((time.monotonic(), event))

    def line(self, program: str, text: str) -> None:
        self.lines.append((program, text))

    def of(self, kind: EventKind) -> list[str]:
        return [event.program for _, event in self.events if event.kind is kind]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def supervisor(seen: Seen) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(on_event=seen.event, on_line=seen.line, backoff=QUICK, chance=lambda: 0.0)
    yield supervisor
    supervisor.kill_all()
    await supervisor.stop()


def python(name: str, code: str, **options: object) -> Program:
    return Program(name, [sys.executable, "-c", code], **options)  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_killed_program_comes_back_as_another_process(supervisor: Supervisor, seen: Seen) -> None:
    """A worker that dies of SIGKILL is running again soon after, and the event tells which signal it was."""
    first = await supervisor.start(python("worker", SLEEPER))
    await until(lambda: ("worker", "ready") in seen.lines)
    assert supervisor.kill("worker") == first
    await until(lambda: seen.of(EventKind.STARTED) == ["worker", "worker"])
    assert supervisor.pids()["worker"] != first
    codes = [event.code for _, event in seen.events if event.kind is EventKind.EXITED]
    assert codes == [-signal.SIGKILL]


async def test_a_program_that_always_crashes_is_started_less_and_less_often(supervisor: Supervisor, seen: Seen) -> None:
    """The waits double up to the bound, and are really waited for: a crash loop must not eat the machine."""
    await supervisor.start(python("crasher", CRASHER))
    await until(lambda: len(seen.of(EventKind.RESTARTING)) >= 5)
    delays = [event.delay_s for _, event in seen.events if event.kind is EventKind.RESTARTING][:5]
    assert delays == [0.05, 0.1, 0.2, 0.4, 0.4]
    timed = [(at, event) for at, event in seen.events if event.kind in (EventKind.RESTARTING, EventKind.STARTED)]
    for (before, event), (after, _) in pairwise(timed):
        if event.delay_s is not None:
            assert after - before >= event.delay_s


def test_a_program_that_ran_well_begins_anew() -> None:
    """One crash a day must not add up to a long wait."""
    backoff = Backoff(first_s=1, factor=2, max_s=100, jitter=0.5, healthy_s=30)
    assert backoff.failures(5, ran_s=29) == 6
    assert backoff.failures(5, ran_s=30) == 1


def test_jitter_shortens_a_wait_by_its_share_at_most() -> None:
    """Workers that died together must not come back together, and never later than the bound says."""
    backoff = Backoff(first_s=1, factor=2, max_s=100, jitter=0.5, healthy_s=30)
    assert (backoff.delay_s(3, 0.0), backoff.delay_s(3, 0.5), backoff.delay_s(10_000, 0.0)) == (4, 3, 100)


async def test_wrong_settings_are_not_tried_again(supervisor: Supervisor, seen: Seen) -> None:
    """Exit code 2 says that a person has to act: waiting ends at once and tells who gave up."""
    await supervisor.start(python("wrong", WRONG_SETTINGS))
    event = await asyncio.wait_for(supervisor.wait(), WAIT_S)
    assert event is not None
    assert (event.kind, event.program, event.code) == (EventKind.GAVE_UP, "wrong", 2)
    assert seen.of(EventKind.STARTED) == ["wrong"]


async def test_what_ran_once_is_not_given_up(supervisor: Supervisor, seen: Seen, tmp_path: Path) -> None:
    """A settings file that is wrong for a moment, while it is edited, must not end a running installation."""
    mark = tmp_path / "ran"
    code = f"import pathlib, sys; p = pathlib.Path({str(mark)!r}); sys.exit(2 if p.exists() else p.touch() or 1)"
    await supervisor.start(python("edited", code))
    await until(lambda: len(seen.of(EventKind.STARTED)) >= 3)
    assert [event.code for _, event in seen.events if event.kind is EventKind.EXITED][:2] == [1, 2]
    assert seen.of(EventKind.GAVE_UP) == []


async def test_a_stop_goes_in_order_and_waits_for_each(supervisor: Supervisor, seen: Seen) -> None:
    """What writes is gone before what reads is asked to go: nothing is accepted that nobody works off."""
    for name, order in (("broker", 9), ("streams", 1), ("ingest", 0), ("connectors", 2)):
        await supervisor.start(python(name, SLEEPER, stop_order=order))
    await until(lambda: len(seen.lines) == 4)
    await supervisor.stop()
    ends = [(e.kind, e.program) for _, e in seen.events if e.kind in (EventKind.STOPPING, EventKind.EXITED)]
    order = ["ingest", "streams", "connectors", "broker"]
    assert ends == [(kind, name) for name in order for kind in (EventKind.STOPPING, EventKind.EXITED)]
    assert supervisor.pids() == {}
    assert await supervisor.wait() is None


async def test_a_program_that_will_not_stop_is_killed_after_its_deadline(supervisor: Supervisor, seen: Seen) -> None:
    """A stop always ends, however deaf the program is."""
    pid = await supervisor.start(python("deaf", STUBBORN, stop_timeout_s=0.3))
    await until(lambda: ("deaf", "ready") in seen.lines)
    await supervisor.stop()
    assert seen.of(EventKind.FORCED) == ["deaf"]
    assert not is_alive(pid)


async def test_a_stop_during_the_wait_before_a_restart_ends_at_once(supervisor: Supervisor, seen: Seen) -> None:
    """A crash loop must not hold up a stop, nor start once more after it."""
    slow = Supervisor(on_event=seen.event, backoff=Backoff(first_s=60, jitter=0), chance=lambda: 0.0)
    await slow.start(python("crasher", CRASHER))
    await until(lambda: seen.of(EventKind.RESTARTING) == ["crasher"])
    await asyncio.wait_for(slow.stop(), WAIT_S)
    assert seen.of(EventKind.STARTED) == ["crasher"]


async def test_a_crash_takes_its_own_children_along(supervisor: Supervisor, seen: Seen) -> None:
    """A role's helpers must not outlive it: they would hold its port or its data."""
    await supervisor.start(python("parent", PARENT))
    await until(lambda: bool(seen.lines))
    grandchild = int(seen.lines[0][1])
    supervisor.kill("parent")
    await until(lambda: not is_alive(grandchild))


async def test_a_single_run_gives_its_exit_code(supervisor: Supervisor) -> None:
    """A failed creation of topics must not pass for a success."""
    assert await supervisor.run_once(python("once", "pass"), WAIT_S) == 0
    assert await supervisor.run_once(python("once", CRASHER), WAIT_S) == 7


async def test_a_single_run_is_bounded(supervisor: Supervisor, seen: Seen) -> None:
    """A one-shot program that hangs is killed, and counts as failed."""
    assert await supervisor.run_once(python("once", SLEEPER), 0.5) == -signal.SIGKILL
    assert seen.of(EventKind.FORCED) == ["once"]


async def test_a_missing_program_is_told_and_tried_again(supervisor: Supervisor, seen: Seen) -> None:
    """Nothing by that name: the log says which, with the exit code that shells use."""
    await supervisor.start(Program("ghost", ["no-such-program-anywhere"]))
    await until(lambda: len(seen.of(EventKind.EXITED)) >= 1)
    assert next(event.code for _, event in seen.events if event.kind is EventKind.EXITED) == 127
    assert seen.lines[0] == ("ghost", "no-such-program-anywhere cannot be started: No such file or directory")


async def test_an_endless_line_is_cut_instead_of_kept(supervisor: Supervisor, seen: Seen) -> None:
    """A child that never ends its line must not fill the supervisor's memory."""
    code = "import sys; sys.stdout.write('x' * 1_000_000); sys.stdout.flush()"
    await supervisor.run_once(python("talker", code), WAIT_S)
    assert sum(len(text) for _, text in seen.lines) == 1_000_000
    assert max(len(text) for _, text in seen.lines) <= 2 * 64 * 1024


async def test_names_are_taken_once(supervisor: Supervisor) -> None:
    """Two programs of one name could not be told apart by kill and pids."""
    await supervisor.start(python("worker", SLEEPER))
    with pytest.raises(ValueError, match="already supervised"):
        await supervisor.start(python("worker", SLEEPER))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL of the supervisor leaves no orphan behind: an orphan would go on writing as a second owner."""
    script = tmp_path / "supervise.py"
    script.write_text(
        "import asyncio, sys\n"
        "from streams.supervisor import Program, Supervisor\n"
        "async def main():\n"
        "    supervisor = Supervisor(on_line=lambda program, line: print(line, flush=True))\n"
        f"    await supervisor.start(Program('deaf', [sys.executable, '-c', {STUBBORN!r}]))\n"
        "    print(supervisor.pids()['deaf'], flush=True)\n"
        "    await supervisor.wait()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert process.stdout.readline() == "ready\n"
        assert is_alive(child)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(WAIT_S)
    process.stdout.close()
    deadline = time.monotonic() + WAIT_S
    try:
        while is_alive(child):
            assert time.monotonic() < deadline, "the child outlived its supervisor"
            time.sleep(0.01)
    finally:
        if is_alive(child):
            os.kill(child, signal.SIGKILL)
