"""Becomes the given program, after asking the kernel to kill it when its parent dies. Linux; elsewhere only the first.

    python -I -S launcher.py <parent's pid> <program> <argument>…

A process of its own, since code between fork and exec is not safe in a parent that has threads (librdkafka's, say).
The request lasts through exec. It speaks of the parent's thread: start children from one that lives as long as they do.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PARENT_GONE = 70


def main(argv: list[str]) -> None:
    """Does not return. Exits with 70 where the parent was already gone, with 127 where there is no such program."""
    parent, program = int(argv[0]), argv[1:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:
            os._exit(PARENT_GONE)
    try:
        os.execvp(program[0], program)  # noqa: S606
    except OSError as error:
        print(f"{program[0]} cannot be started: {error.strerror}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
