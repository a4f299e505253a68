"""Kafka is fetched once and whole; whoever lacks something is told what, once."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streams.broker import BrokerError
from streams.broker.artifacts import cache_folder, jars, version
from tests.broker.support import failing, program, signal_and_wait, started, until

FETCHES = (
    'for argument in "$@"; do case "$argument" in -DoutputDirectory=*) out="${argument#*=}";; esac; done',
    'echo run >> "$RUNS"; /bin/sleep 0.3; /bin/mkdir -p "$out"',
    'echo "[INFO] Downloaded from central: https://registry.example/maven2/kafka_2.13.jar (5 MB at 1 MB/s)"',
    ': > "$out/kafka_2.13.jar"',
)


@pytest.mark.parametrize(
    ("there", "missing"),
    [((), "neither Java nor Maven found"), (("java",), "no Maven found"), (("mvn",), "no Java found")],
    ids=["neither", "no Maven", "no Java"],
)
def test_missing_program_is_one_message_that_says_what_to_do(
    tmp_path: Path, there: tuple[str, ...], missing: str
) -> None:
    """What to install, or to name a broker that is there already. Code 3: a restart would not help."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in there:
        program(programs, name, "exit 1")
    code, said = failing(tmp_path, PATH=str(programs), XDG_CACHE_HOME=str(tmp_path / "cache"), JAVA_HOME="")
    assert 3 == code
    assert 1 == len(said.splitlines())
    assert missing in said
    assert "install" in said
    assert "kafka.bootstrap" in said


def test_java_that_is_too_old_is_said(tmp_path: Path) -> None:
    """A stack trace about class versions helps nobody."""
    programs = tmp_path / "programs"
    program(programs, "java", "echo java.lang.UnsupportedClassVersionError: kafka/Kafka >&2", "exit 1")
    program(programs, "mvn", *FETCHES)
    environ = {"PATH": str(programs), "XDG_CACHE_HOME": str(tmp_path / "cache"), "RUNS": str(tmp_path / "runs")}
    code, said = failing(tmp_path, JAVA_HOME="", **environ)
    assert 3 == code
    assert "too old for Kafka, which needs Java 17" in said.splitlines()[-1]


def test_two_starts_at_once_fetch_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, and neither ever sees half a folder; a third needs no Maven."""
    environ = {"PATH": str(tmp_path / "programs"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    program(tmp_path / "programs", "java", "exit 1")
    program(tmp_path / "programs", "mvn", *FETCHES)
    with ThreadPoolExecutor(2) as pool:
        folders = set(pool.map(jars, [environ] * 2))
    assert {cache_folder(environ)} == folders
    assert "run\n" == (tmp_path / "runs").read_text()
    assert version() in cache_folder(environ).name
    assert cache_folder(environ) == jars({**environ, "PATH": ""})


def test_failed_fetch_leaves_nothing_and_says_why_without_addresses(tmp_path: Path) -> None:
    """Half a folder would be taken for a whole one at the next start."""
    environ = {"PATH": str(tmp_path / "programs"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    program(tmp_path / "programs", "java", "exit 1")
    program(
        tmp_path / "programs",
        "mvn",
        "echo '[INFO] Scanning'",
        "echo '[ERROR] Could not transfer kafka (https://registry.example/maven2): unknown host'",
        "echo '[ERROR] '",
        "exit 1",
    )
    with pytest.raises(BrokerError) as raised:
        jars(environ)
    assert "[ERROR] Could not transfer kafka … unknown host" == str(raised.value).splitlines()[-1]
    assert [] == [entry.name for entry in cache_folder(environ).parent.iterdir() if entry.is_dir()]


def test_sigterm_while_maven_runs_ends_both(tmp_path: Path) -> None:
    """Nobody waits a quarter of an hour for a download that is no longer wanted."""
    programs, running = tmp_path / "programs", tmp_path / "running"
    program(programs, "java", "exit 1")
    program(programs, "mvn", f'echo $$ > "{running}"', "exec /bin/sleep 60")
    environ = {"PATH": str(programs), "XDG_CACHE_HOME": str(tmp_path / "cache"), "JAVA_HOME": ""}
    with started("--data", str(tmp_path / "data"), **environ) as wrapper:
        until(lambda: running.exists() and running.read_text() != "", "Maven runs")
        assert 0 == signal_and_wait(wrapper, signal.SIGTERM)
    until(lambda: not Path("/proc", running.read_text().strip()).exists(), "Maven ended", 5)
    assert [] == [entry.name for entry in (tmp_path / "cache" / "orderlog").iterdir() if entry.is_dir()]
