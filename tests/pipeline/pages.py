"""Runs the commands that the pages of docs/platforms show, as they stand there."""

import os
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from streams.demo.setting import HOST
from tests.pipeline.roles import Pipeline

needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="curl or openssl is not here"
)


def shell(line: Pipeline, commands: str, environ: Mapping[str, str]) -> str:
    """What they print, with ingest where `ORDERLOG_URL` says."""
    url = f"http://{HOST}:{line.settings.ingest.port}"
    run = subprocess.run(
        ["sh", "-ec", commands],
        env={**os.environ, "ORDERLOG_URL": url, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert 0 == run.returncode, run.stderr
    return run.stdout
