"""Runs `-m module argument…` under cProfile; writes a list of where the time went when it ends, SIGTERM included.

    python -m tests.bench.profiled FILE -m module argument…

Only the main thread is seen: that is where our loops run. librdkafka's work shows up as nothing at all.
"""

import cProfile
import os
import pstats
import runpy
import sys
from io import StringIO
from pathlib import Path
from typing import NoReturn

TOP = 60


def main() -> None:
    file, flag, module = sys.argv[1:4]
    assert flag == "-m"
    sys.argv = [module, *sys.argv[4:]]
    profile = cProfile.Profile()
    really_exit = os._exit

    def exit_with_profile(status: int) -> NoReturn:
        write(profile, Path(file))
        really_exit(status)

    os._exit = exit_with_profile  # some programs end without running `finally`
    profile.enable()
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        write(profile, Path(file))


def write(profile: cProfile.Profile, file: Path) -> None:
    """By own time, then by cumulative time."""
    profile.disable()
    text = StringIO()
    stats = pstats.Stats(profile, stream=text)
    for order in ("tottime", "cumtime"):
        stats.sort_stats(order).print_stats(TOP)
    file.write_text(text.getvalue())


if __name__ == "__main__":
    main()
