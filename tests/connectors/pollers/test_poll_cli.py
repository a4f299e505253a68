"""`orderlog poll SOURCE`: the request that it writes, and what it says where it cannot."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from connectors.pollers.position import PollRequest
from streams import admin, topics
from streams.settings import load
from tests.kafka import SHARED_PARTITIONS, read_committed, unique_name

ORDERLOG = Path(sys.executable).with_name("orderlog")


def config(folder: Path, name: str, bootstrap: str) -> Path:
    """One polled source, and one that is not."""
    file = folder / "orderlog.toml"
    file.write_text(
        f"""
[kafka]
bootstrap = "{bootstrap}"
partitions = {SHARED_PARTITIONS}
[[sources]]
name = "{name}"
platform = "apicbase"
auth = {{ scheme = "apicbase-hmac", secrets = ["env:SECRET"] }}
poll = {{ base_url = "http://127.0.0.1:9", auth = {{ scheme = "bearer", token = "env:SECRET" }} }}
[[sources]]
name = "listened-to"
platform = "apicbase"
auth = {{ scheme = "apicbase-hmac", secrets = ["env:SECRET"] }}
"""
    )
    return file


def poll(file: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(ORDERLOG), "--config", str(file), "poll", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "SECRET": "s"})


def test_a_request_lies_where_the_poller_reads_it(kafka: str, tmp_path: Path) -> None:
    """In another partition it would wait to be brought; and the time without an offset is UTC."""
    name = unique_name("asked")
    file = config(tmp_path, name, kafka)
    assert [] == admin.create(load(file, {})).left
    for arguments in ((), ("--since", "2026-03-01T12:00:00", "--who", "ada")):
        result = poll(file, name, *arguments)
        assert (result.returncode, result.stderr) == (0, "")
    records = read_committed(kafka, topics.polls(name))
    now, since = (PollRequest.from_json(record.value or b"") for record in records)
    assert [(0, name.encode())] * 2 == [(record.partition, record.key) for record in records]
    assert (now.since, "since" in now.model_fields_set) == (None, False)
    assert (since.since, since.who) == (datetime(2026, 3, 1, 12, tzinfo=UTC), "ada")


def test_a_source_that_is_not_polled_is_refused(kafka: str, tmp_path: Path) -> None:
    """A request that nobody reads would be a promise that nobody keeps."""
    file = config(tmp_path, "polled-one", kafka)
    for name in ("listened-to", "nobody"):
        result = poll(file, name)
        assert result.returncode != 0
        assert f"no polled source has the name {name} (polled: polled-one)" in result.stderr
