"""The table on the terminal and the JSON file in `bench-results/`."""

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import orjson
from rich.table import Table

from tests.bench.lines import Line

FOLDER = Path("bench-results")
PACKAGES = ("aiohttp", "aiokafka", "confluent-kafka", "faust-streaming", "pydantic", "uvloop")
STYLES = {"aim": "green", "first mark": "yellow", "missed": "red"}


def number(value: float | None) -> str:
    """Three or four digits that matter: `12,345`, `123`, `1.23`."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(lines: Sequence[Line]) -> Table:
    """One row per figure."""
    made = Table(title="Orderlog, side by side", title_justify="left")
    made.add_column("figure", overflow="fold")
    for name in ("value", "reference", "ratio", "first mark", "aim"):
        made.add_column(name, justify="right")
    made.add_column("reached")
    for line in lines:
        made.add_row(*_cells(line))
    return made


def notes(lines: Sequence[Line]) -> list[str]:
    """How figures were taken, where their names do not say it; each note once."""
    found = dict.fromkeys((line.title, line.note) for line in lines if line.note)
    return [f"{title}: {note}" for title, note in found]


def _cells(line: Line) -> list[str]:
    reference, mark = line.reference, line.mark
    sign = "≤ " if mark is not None and mark.at_most else "≥ "
    style = STYLES.get(line.verdict)
    return [
        line.figure,
        f"{number(line.ours.value)}\n[dim]{line.ours.unit}[/dim]",
        f"{number(reference.value)}\n[dim]{reference.name}[/dim]" if reference else "–",
        number(line.ratio),
        f"{sign}{number(mark.first)}" if mark else "–",
        f"{sign}{number(mark.aim)}" if mark else "–",
        f"[{style}]{line.verdict}[/{style}]" if style else line.verdict,
    ]


def document(
    lines: Sequence[Line], started: datetime, seconds: float, peers: dict[str, str], load_before: float
) -> dict[str, object]:
    """What the JSON file holds. `load_before`: how busy the machine was with other things."""
    return {
        "started_at": started.isoformat(),
        "seconds": round(seconds, 1),
        "commit": _commit(),
        "machine": {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "load_before": load_before,
        },
        "packages": {name: _version(name) for name in PACKAGES},
        "peers": peers,
        "figures": [line.to_dict() for line in lines],
    }


def write(folder: Path, content: dict[str, object], started: datetime) -> Path:
    """One file per run; `latest.json` is the last one."""
    folder.mkdir(parents=True, exist_ok=True)
    data = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    file = folder / f"{started:%Y%m%dT%H%M%SZ}.json"
    for target in (file, folder / "latest.json"):
        target.write_bytes(data)
    return file


def _commit() -> str | None:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
