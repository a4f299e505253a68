"""`orderlog broker` as a process: its end, its parent's end, and its second start."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.broker.support import COMMAND, address, environment, java_of, signal_and_wait, started, until
from tests.kafka import create_topics, produce, read_committed, unique_name


def test_killed_wrapper_takes_java_along_and_a_second_start_needs_neither_maven_nor_network(tmp_path: Path) -> None:
    """Same folder: same address, same records. A Java that outlived its wrapper would hold the folder."""
    data, file, topic = tmp_path / "data", tmp_path / "bootstrap", unique_name("kept")
    arguments = ("--data", str(data), "--bootstrap-file", str(file))
    with started(*arguments) as first:
        bootstrap = address(file)
        create_topics(bootstrap, [topic])
        produce(bootstrap, topic, [(b"k", b"v")])
        assert 1 == len(java_of(data))
        assert -signal.SIGKILL == signal_and_wait(first, signal.SIGKILL)
        until(lambda: java_of(data) == [], "java ended with its wrapper", 10)
    file.unlink()
    with started(*arguments, PATH=_only_java(tmp_path), http_proxy="127.0.0.1:9", https_proxy="127.0.0.1:9") as second:
        assert bootstrap == address(file)
        assert [b"v"] == [record.value for record in read_committed(bootstrap, topic)]
        assert 0 == signal_and_wait(second, signal.SIGTERM)
    assert ([], False) == (java_of(data), file.exists())


def test_killed_java_is_told_with_exit_code_1(tmp_path: Path) -> None:
    """A supervisor starts it again then; code 3 would mean that this is useless."""
    data, file = tmp_path / "data", tmp_path / "bootstrap"
    with started("--data", str(data), "--bootstrap-file", str(file)) as wrapper:
        address(file)
        [java] = java_of(data)
        os.kill(java, signal.SIGKILL)
        assert 1 == wrapper.wait(10)
    assert not file.exists()


def test_broker_ends_with_its_parent(tmp_path: Path) -> None:
    """A test run or a shell that is killed leaves no broker behind."""
    data, file = tmp_path / "data", tmp_path / "bootstrap"
    code = "import os, subprocess, sys; subprocess.run([*sys.argv[1:], '--parent', str(os.getpid())])"
    command = [*COMMAND, "--data", str(data), "--bootstrap-file", str(file)]
    parent = subprocess.Popen([sys.executable, "-c", code, *command], env=environment(), stderr=subprocess.DEVNULL)
    try:
        address(file)
    finally:
        parent.kill()
        parent.wait()
    until(lambda: not file.exists() and java_of(data) == [], "wrapper and java ended", 40)


def _only_java(folder: Path) -> str:
    """A PATH with Java and without Maven."""
    programs = folder / "programs"
    programs.mkdir()
    java = shutil.which("java")
    assert java is not None
    (programs / "java").symlink_to(Path(java).resolve())
    assert shutil.which("mvn", path=str(programs)) is None
    return str(programs)
