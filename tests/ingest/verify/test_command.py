"""`orderlog verify` as a person runs it: files in, sentences and an exit code out."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ingest.support import DUDA_AUTH, DUDA_SECRET, TOKEN, duda_headers, running, session, settings_of

PAYLOAD = Path(__file__).parents[2] / "payloads" / "duda" / "order-created.json"
AT_S = 1_700_000_000.0
CONFIG = """
[ingest]
max_body_bytes = 100000
[[sources]]
name = "duda"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:DUDA_SECRET"] }
[[sources]]
name = "shop"
platform = "selldone"
auth = { scheme = "token", secrets = ["env:SHOP_TOKEN"] }
[[sources]]
name = "apicbase"
platform = "apicbase"
auth = { scheme = "token", secrets = ["env:SHOP_TOKEN"] }
[[sources]]
name = "lost"
platform = "selldone"
auth = { scheme = "token", secrets = ["env:NOT_SET_ANYWHERE"] }
"""


def verify(folder: Path, source: str, headers: str, body: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "orderlog.toml").write_text(CONFIG)
    (folder / "headers").write_text(headers)
    (folder / "body").write_bytes(body)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", "verify", source, "--headers", "headers", "--body", "body", *options],
        cwd=folder,
        env={**clean, "DUDA_SECRET": DUDA_SECRET, "SHOP_TOKEN": TOKEN, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert [secret for secret in (DUDA_SECRET, TOKEN) if secret in done.stdout + done.stderr] == []
    assert "Traceback" not in done.stderr
    return done


def lines_of(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\n" for name, value in headers.items())


def test_a_right_webhook_is_ok_with_its_order_and_event(tmp_path: Path) -> None:
    """Exit 0, the order key and the event under which ingest would store it."""
    body = PAYLOAD.read_bytes()
    signed = lines_of(duda_headers(body, at_s=AT_S))
    done = verify(tmp_path, "duda", signed, body, "--at", "2023-11-14T22:15:00Z")
    assert (done.returncode, done.stderr) == (0, "")
    shown = dict(
        line.split(maxsplit=1) if "order key" not in line else line.split("  ", 1) for line in done.stdout.splitlines()
    )
    assert shown["verdict"].startswith("OK: ingest would answer 200")
    assert shown["order key"].strip() == "duda:66f8c067f6ab411c9eaaac106a6948b5/ECOM-1065"
    assert shown["event"] == "ECOMM_ORDER_CREATED"


@pytest.mark.parametrize("at", ["1700000100", "1700000100000", "2023-11-14T23:15:00+01:00", "2023-11-14 22:15:00"])
def test_the_time_can_be_written_in_any_usual_way(tmp_path: Path, at: str) -> None:
    """Seconds, milliseconds as Duda has them, or ISO 8601; without an offset it is UTC."""
    body = PAYLOAD.read_bytes()
    assert verify(tmp_path, "duda", lines_of(duda_headers(body, at_s=AT_S)), body, "--at", at).returncode == 0


def test_without_a_time_it_is_now(tmp_path: Path) -> None:
    """Then a saved request is stale, and the output says at which time it was not."""
    body = PAYLOAD.read_bytes()
    done = verify(tmp_path, "duda", lines_of(duda_headers(body, at_s=AT_S)), body)
    assert done.returncode == 1
    assert "403 signature-stale" in done.stdout
    assert "--at 2023-11-14T22:13:20Z" in done.stdout
    assert verify(tmp_path, "duda", lines_of(duda_headers(body)), body).returncode == 0


def test_a_packed_body_is_unpacked_as_ingest_does_it(tmp_path: Path) -> None:
    """From a capture it is packed, from a stored record it is not: both are the same webhook."""
    body = PAYLOAD.read_bytes()
    signed = lines_of({**duda_headers(body, at_s=AT_S), "Content-Encoding": "gzip"})
    for written in (gzip.compress(body), body):
        assert verify(tmp_path, "duda", signed, written, "--at", "1700000000").returncode == 0


def test_token_method_and_query_come_from_the_request_line_or_the_options(tmp_path: Path) -> None:
    """What `curl -v` printed is enough."""
    line = f"> POST /webhooks/shop/{TOKEN} HTTP/1.1\n> Host: x\n"
    assert verify(tmp_path, "shop", line, b"{}").returncode == 0
    assert verify(tmp_path, "shop", "Host: x\n", b"{}", "--query", f"?token={TOKEN}").returncode == 0
    wrong = verify(tmp_path, "shop", "Host: x\n", b"{}", "--query", f"key={TOKEN}")
    assert (wrong.returncode, "the query parameter key" in wrong.stdout) == (1, True)
    got = verify(tmp_path, "shop", line, b"{}", "--method", "get")
    assert (got.returncode, "405 method-not-allowed" in got.stdout) == (1, True)


def test_an_order_that_validation_refuses_is_refused_here_too(tmp_path: Path) -> None:
    """Believed is not yet accepted: the problems are those that the customer would read."""
    done = verify(tmp_path, "apicbase", f"X-Orderlog-Token: {TOKEN}\n", b'{"id": "1", "packages": []}')
    assert done.returncode == 1
    assert "422 invalid-order" in done.stdout
    assert "\nproblem " in done.stdout


def test_a_body_over_the_bound_is_refused_here_too(tmp_path: Path) -> None:
    """413 as ingest says it, and not a word about a signature over bytes that nobody has read."""
    done = verify(tmp_path, "duda", lines_of(duda_headers(b"x")), b"x" * 100_001)
    assert (done.returncode, "413 body-too-large" in done.stdout) == (1, True)
    assert "signature" not in done.stdout
    done = verify(tmp_path, "shop", f"X-Orderlog-Token: {TOKEN}\nContent-Encoding: br\n", b"x")
    assert (done.returncode, "415 unsupported-encoding" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("source", "headers", "options", "words"),
    [
        ("nobody", "A: b\n", (), "no source has the name nobody; sources: duda, shop"),
        ("duda", "what is this\n", (), "line 1 of the headers is not `Name: value`"),
        ("duda", "A: b\n", ("--at", "yesterday"), "--at is not a time"),
        ("duda", "A: b\n", ("--query", "&".join(["a=1"] * 200)), "too many parameters"),
        ("lost", "A: b\n", (), "env:NOT_SET_ANYWHERE"),
    ],
)
def test_what_cannot_be_checked_is_exit_2(
    tmp_path: Path, source: str, headers: str, options: tuple[str, ...], words: str
) -> None:
    """One line that says what to mend, and no verdict."""
    done = verify(tmp_path, source, headers, b"{}", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_what_a_sender_wrote_does_not_move_the_cursor(tmp_path: Path) -> None:
    """An order id may hold an escape sequence."""
    body = json.dumps({"event": "OnlineOrder", "shop": {"id": 1}, "basket": {"id": "\x1b[2J7"}}).encode()
    done = verify(tmp_path, "shop", f"X-Orderlog-Token: {TOKEN}\n", body)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout


async def test_the_verdict_is_that_of_a_running_ingest(kafka: str, tmp_path: Path) -> None:
    """Real answers and verdicts side by side: the same status and reason for the same request."""
    body = PAYLOAD.read_bytes()
    right = duda_headers(body)
    requests = [
        (right, body),
        (right, body + b"\n"),
        ({**right, "x-duda-signature": "00"}, body),
        ({"x-duda-signature": right["x-duda-signature"]}, body),
        (duda_headers(body, at_s=AT_S), body),
        (duda_headers(body, "another"), body),
    ]
    expected = []
    async with running(settings_of(kafka, DUDA_AUTH, "duda")) as up, session() as client:
        for headers, sent in requests:
            async with client.post(f"{up.base}/webhooks/{up.source}", data=sent, headers=headers) as answer:
                problem = await answer.json(content_type=None)
                expected.append(f"{answer.status} {problem.get('reason', '')}".strip())
    told = [verify(tmp_path, "duda", lines_of(headers), sent).stdout for headers, sent in requests]
    assert [f"ingest would answer {answer}" in text for answer, text in zip(expected, told, strict=True)] == [True] * 6
