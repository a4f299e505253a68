"""A library's repeated lines do not flood the log, and none is lost count of."""

import logging

from streams.repeats import RepeatFilter


def _line(number: int) -> logging.LogRecord:
    return logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, "cannot connect to node %d", (number,), None)


def test_repeated_line_passes_once_per_interval_and_is_counted() -> None:
    """An outage of a minute is a handful of lines, which say how many there were."""
    now = 0.0
    quiet = RepeatFilter(every_s=10, clock=lambda: now)
    first, passed = _line(1), []
    assert quiet.filter(first)
    for number in range(50):
        now = number * 0.1
        passed.append(quiet.filter(_line(number)))
    assert not any(passed)
    now = 11.0
    late = _line(7)
    assert quiet.filter(late)
    assert "cannot connect to node 7 (and 50 more like it)" == late.getMessage()


def test_different_lines_do_not_hide_each_other() -> None:
    """Only the same template of the same logger is held back."""
    quiet = RepeatFilter(clock=lambda: 0.0)
    other = logging.LogRecord("aiokafka", logging.ERROR, __file__, 1, "something else", (), None)
    assert quiet.filter(_line(1))
    assert quiet.filter(other)
