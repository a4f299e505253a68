"""Logging. Invariants: one line per event, whoever logs; and no secret, body or local variable in any of them."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from streams import log
from streams.redact import redact

SECRET = "hunter2-do-not-tell"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leaves the process's logging as it was."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    yield
    root.handlers[:], (sys.excepthook, threading.excepthook) = handlers, hooks
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_are_json_alike() -> None:
    """Whoever collects the logs needs one parser."""
    stream = io.StringIO()
    log.configure("json", "info", "ingest", stream=stream)
    structlog.get_logger("ours").info("accepted", receipt="r1", order_key=b"duda:1", partition=3)
    logging.getLogger("aiohttp.server").warning("slow %s", "reader")
    ours, theirs = lines(stream)
    assert {key: ours[key] for key in ("event", "level", "role", "receipt", "order_key", "partition")} == {
        "event": "accepted",
        "level": "info",
        "role": "ingest",
        "receipt": "r1",
        "order_key": "duda:1",
        "partition": 3,
    }
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"], theirs["role"]) == ("slow reader", "warning", "ingest")


def test_context_variables_are_on_every_line() -> None:
    """What was bound for a request is on the lines that are written deep inside of it."""
    stream = io.StringIO()
    log.configure("json", stream=stream)
    with structlog.contextvars.bound_contextvars(receipt="r1"):
        structlog.get_logger().info("in")
    structlog.get_logger().info("out")
    assert [line.get("receipt") for line in lines(stream)] == ["r1", None]


def test_the_level_holds_and_chatty_libraries_are_quiet() -> None:
    """Faust tells each rebalance step at info: normal running must log nothing surprising."""
    stream = io.StringIO()
    log.configure("json", "info", stream=stream)
    structlog.get_logger().debug("no")
    logging.getLogger("faust.worker").info("no")
    logging.getLogger("mode.supervisors").info("no")
    logging.getLogger("streams.runtime.batches").info("[^--%s]: Starting...", "Consumer")
    logging.getLogger("aiokafka.consumer").warning("yes")
    structlog.get_logger().info("yes")
    assert [line["event"] for line in lines(stream)] == ["yes", "yes"]


def test_a_terminal_gets_readable_lines() -> None:
    """`auto` looks at where the lines go; a file gets JSON."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal, file = Terminal(), io.StringIO()
    log.configure("auto", stream=terminal)
    structlog.get_logger().info("accepted", receipt="r1")
    log.configure("auto", stream=file)
    structlog.get_logger().info("accepted", receipt="r1")
    assert "accepted" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")
    assert lines(file)[0]["receipt"] == "r1"


@pytest.mark.parametrize("kind", ["json", "console"])
def test_no_secret_leaves_by_any_way(kind: log.Format) -> None:
    """By key, nested, in text, in an exception's locals, through the standard library: never the value."""
    stream = io.StringIO()
    log.configure(kind, "debug", stream=stream)
    ours, theirs = structlog.get_logger(), logging.getLogger("theirs")
    ours.info("a", token=SECRET, nested={"client_secret": SECRET, "deep": [{"Authorization": SECRET}]})
    ours.info("b", body=SECRET.encode(), payload={"x": SECRET}, customer=SECRET, http_headers=SECRET)
    ours.info(f"calling with Bearer {SECRET}", url=f"https://me:{SECRET}@host/?token={SECRET}&x=1")
    ours.info("e", data={"name": SECRET}, order=[SECRET], lines=(SECRET,))
    theirs.warning("GET /webhooks/shop?token=%s", SECRET, extra={"password": SECRET})
    try:
        holds = SECRET
        raise ValueError(f"with {len(holds)} characters")
    except ValueError:
        ours.exception("c")
        theirs.exception("d")
    text = stream.getvalue()
    assert SECRET not in text
    assert text.count("with 19 characters") == 2


def test_sizes_and_counts_pass() -> None:
    """A number under a key like `token_count` or `body_bytes` is nobody's secret."""
    event = {"data": "a folder", "body_bytes": 3, "token_count": 2, "body": None, "offset": 7, "secret": True}
    assert redact(None, "info", dict(event)) == event


def test_a_long_text_is_cut() -> None:
    """One log line must not carry a megabyte."""
    cleaned = redact(None, "info", {"event": "x" * 1_000_000, "deep": [[[[[[["y"]]]]]]]})
    assert len(cleaned["event"]) < 10_000
    assert "y" not in str(cleaned["deep"])


def test_values_that_json_cannot_hold_do_not_lose_the_line() -> None:
    """Lone surrogates, huge integers and odd keys come from payloads: the line about them must still be written."""
    stream = io.StringIO()
    log.configure("json", stream=stream)
    structlog.get_logger().info("odd", text="\ud800", number=2**70, keys={1: "a"}, thing=object)
    assert lines(stream)[0]["number"] == 2**70


def test_what_ends_the_process_is_a_line_too() -> None:
    """A traceback on plain stderr would be many lines that no collector puts together."""
    stream = io.StringIO()
    log.configure("json", role="streams", stream=stream)
    error = ValueError("the end")
    sys.excepthook(ValueError, error, None)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    process, of_thread = lines(stream)
    assert (process["level"], process["role"], "the end" in process["exception"]) == ("critical", "streams", True)
    assert "ZeroDivisionError" in of_thread["exception"]
