"""Keeps programs running as child processes: restart with backoff, stop in order, die with the parent.

supervisor = Supervisor(on_event=…, on_line=…)
await supervisor.start(Program("streams-0", argv, env))
supervisor.kill("streams-0")          # SIGKILL; it comes back
await supervisor.stop()
"""

from streams.supervisor.backoff import Backoff
from streams.supervisor.program import Event, EventKind, Program
from streams.supervisor.supervisor import Supervisor

__all__ = ["Backoff", "Event", "EventKind", "Program", "Supervisor"]
