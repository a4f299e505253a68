"""The Makefile and the CI script: what the README promises is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_help_lists_every_target_that_is_meant_for_people() -> None:
    """DESIGN section 5: demo, test, check, bench, clean; `make` alone gives help."""
    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    listed = re.findall(r"^  make ([a-z]+)", result.stdout, re.MULTILINE)
    assert set(listed) >= {"help", "demo", "test", "check", "bench", "clean"}


def test_ci_runs_what_a_newcomer_runs() -> None:
    """No check that only CI knows of."""
    script = ROOT / ".ci/run"
    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "make check", "make test"]
    assert script.read_text().startswith("#!/usr/bin/env bash\n")
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize("python", ["/bin/false", ""])
def test_a_python_that_is_too_old_is_told_clearly(tmp_path: Path, python: str) -> None:
    """Not a traceback from the middle of a set-up, and nothing is left behind."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    result = subprocess.run(
        ["make", "setup", f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert result.returncode != 0
    assert "Orderlog needs Python 3.11 or newer" in result.stderr
    assert not (tmp_path / ".venv").exists()
