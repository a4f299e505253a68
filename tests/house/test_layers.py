"""Layering is a test: who may import whom, and which modules may touch the world."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingest", "streams", "projections", "connectors")

# DESIGN section 4: these know nothing of networks, threads, files or clocks.
PURE = (
    "streams/vocabulary",
    "streams/record.py",
    "streams/topics.py",
    "streams/cloudevents.py",
    "streams/platforms",
    "streams/supervisor/backoff.py",
    "streams/settings/lines.py",
    "projections/fold*.py",
    "projections/decide*.py",
    "projections/commerceos*.py",
    "projections/external.py",
    "projections/echoes.py",
    "projections/parcels.py",
    "projections/payments.py",
    "projections/quickbutik.py",
    "projections/steps.py",
    "projections/stock.py",
    "projections/voices.py",
    "projections/http/problems.py",
    "projections/http/deadletters/given.py",
    "projections/http/deadletters/pages.py",
    "connectors/gate.py",
    "connectors/queue.py",
    "connectors/settle.py",
    "connectors/share.py",
    "connectors/targets",
    "connectors/window.py",
    "connectors/deadletters/model.py",
    "connectors/deadletters/selection.py",
    "connectors/alerts/alert.py",
    "connectors/alerts/levels.py",
    "connectors/alerts/messages.py",
    "connectors/alerts/rules.py",
    "connectors/alerts/window.py",
    "connectors/schedule*.py",
    "connectors/pollers/answer.py",
    "connectors/pollers/pace.py",
    "connectors/pollers/paging.py",
    "connectors/pollers/position.py",
    "connectors/pollers/records.py",
    "connectors/reconcile/compare.py",
    "connectors/reconcile/ours.py",
    "connectors/reconcile/theirs.py",
    "connectors/status/queries.py",
    "connectors/status/records.py",
    "connectors/status/rounds.py",
    "connectors/status/snapshot.py",
    "connectors/status/watched.py",
)
IO = frozenset(
    (
        *("aiohttp", "aiokafka", "asyncio", "confluent_kafka", "faust", "http", "os", "requests", "socket"),
        *("subprocess", "threading", "urllib3"),
    )
)


def modules(pattern: str) -> list[Path]:
    """The files of one entry of the list of pure modules."""
    return sorted(
        path for found in ROOT.glob(pattern) for path in ([found] if found.is_file() else found.rglob("*.py"))
    )


def imported(path: Path) -> Iterator[str]:
    """The absolute names of the modules that a file imports, at its top or within functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield f"{node.module}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached(path: Path) -> dict[str, str]:
    """Every module that a file imports, through modules of ours as well, and through which of them first."""
    found: dict[str, str] = {}
    waiting = [path]
    while waiting:
        current = waiting.pop()
        for name in imported(current):
            if name in found:
                continue
            found[name] = str(current.relative_to(ROOT))
            if name.split(".")[0] in PACKAGES:
                waiting += source_of(name)
    return found


def source_of(name: str) -> list[Path]:
    """The file of a module of ours; none for a name that is defined in one."""
    base = ROOT.joinpath(*name.split("."))
    return [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]


@pytest.mark.parametrize("pattern", PURE)
def test_a_pure_module_reaches_no_io(pattern: str) -> None:
    """A fold that could ask the network would not give the same state twice."""
    assert modules(pattern) != []
    guilty = {
        f"{path.relative_to(ROOT)} → {name} (by {by})"
        for path in modules(pattern)
        for name, by in reached(path).items()
        if name.split(".")[0] in IO
    }
    assert guilty == set()


def test_the_check_for_io_sees_through_our_own_modules() -> None:
    """A pure module that imports an impure one is impure: the check must not look at the first step only."""
    assert reached(ROOT / "streams/supervisor/up.py")["asyncio"] == "streams/supervisor/up.py"
    assert reached(ROOT / "streams/supervisor/cli.py")["asyncio.subprocess"] == "streams/supervisor/child.py"


def test_the_contracts_between_the_packages_are_kept() -> None:
    """`streams` imports none of the other three, and nobody imports `ingest` (pyproject.toml, import-linter)."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_reaches_ingest_even_late(package: str) -> None:
    """Imports within functions count too, and import-linter's word is checked by another eye."""
    forbidden = {"ingest"} | ({"projections", "connectors"} if package == "streams" else set())
    guilty = {
        f"{path.relative_to(ROOT)} → {name}"
        for path in modules(package)
        for name in imported(path)
        if name.split(".")[0] in forbidden - {package}
    }
    assert guilty == set()
