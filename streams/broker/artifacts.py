"""Kafka's jars, fetched once by Maven into the user's cache folder; afterwards neither network nor Maven is needed."""

import fcntl
import hashlib
import re
import shutil
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog
from rich.console import Console

from streams.broker.errors import BrokerError, MissingProgram
from streams.broker.java import HINT, install, java
from streams.broker.spawn import spawn

log = structlog.get_logger(__name__)

POM = Path(__file__).with_name("pom.xml")
MAVEN_TIMEOUT_S = 900
SAID_LINES_MAX = 10

_VERSION = re.compile(r"<kafka\.version>([^<]+)</kafka\.version>")
_FETCHED = re.compile(r"Downloaded from .*/([^/\s]+\.jar)\s")
# Maven says where each file came from: registries are nobody's business.
_ADDRESS = re.compile(r"\(?https?://\S+")


def version() -> str:
    """Kafka's version, as the pom.xml says."""
    found = _VERSION.search(POM.read_text())
    assert found is not None
    return found[1]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the jars of this pom.xml lie; another pom.xml has another folder."""
    base = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "orderlog" / f"kafka-{version()}-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def jars(environ: Mapping[str, str]) -> Path:
    """The folder of the jars, filled if it is not there yet. Two starts at once are fine. Raises `BrokerError`."""
    folder = cache_folder(environ)
    if not folder.exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _locked(folder.with_name(f"{folder.name}.lock")):
                if not folder.exists():
                    _fetch(folder, environ)
        except OSError as error:
            raise BrokerError(f"Apache Kafka cannot be kept in {folder.parent} (XDG_CACHE_HOME): {error}") from None
    return folder


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path, environ: Mapping[str, str]) -> None:
    maven = _maven(environ)
    log.info("fetching Apache Kafka by Maven, once", version=version(), folder=str(folder))
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as scratch:
        shutil.copy(POM, scratch)
        target = Path(scratch, "libs")
        command = [maven, "-B", "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
        with Console(stderr=True).status(f"Fetching Apache Kafka {version()} by Maven (54 MB, once)…") as status:
            _run(command, Path(scratch), lambda text: status.update(f"Fetching Apache Kafka {version()}: {text}"))
        if not list(target.glob("kafka_*.jar")):
            raise BrokerError("Maven ended well but fetched no Kafka; look at its settings")
        target.rename(folder)


def _maven(environ: Mapping[str, str]) -> str:
    """Raises `MissingProgram`, which names Java too where that is missing: one message, one visit to the shop."""
    maven = shutil.which("mvn", path=environ.get("PATH"))
    try:
        java(environ)
    except MissingProgram:
        if maven:
            raise
        raise MissingProgram(f"neither Java nor Maven found: {install('both')}, {HINT}") from None
    if maven is None:
        raise MissingProgram(f"no Maven found, which fetches Apache Kafka, once: {install('maven')}, {HINT}")
    return maven


def _run(command: list[str], folder: Path, show: Callable[[str], None]) -> None:
    maven = spawn(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    timer = threading.Timer(MAVEN_TIMEOUT_S, maven.kill)
    timer.start()
    try:
        assert maven.stdout is not None
        said = _follow((line.decode("utf-8", "replace") for line in maven.stdout), show)
        code = maven.wait()
    finally:
        timer.cancel()
        maven.kill()
        maven.wait()
    if code:
        lines = [f"Maven could not fetch Apache Kafka ({code}); is the network there? Try again, {HINT}. It said:"]
        raise BrokerError("\n".join([*lines, *said]))


def _follow(lines: Iterable[str], show: Callable[[str], None]) -> Iterable[str]:
    """Shows each jar as it comes; gives the last lines that speak of errors, else the last lines."""
    errors: deque[str] = deque(maxlen=SAID_LINES_MAX)
    last: deque[str] = deque(maxlen=SAID_LINES_MAX)
    fetched = 0
    for line in lines:
        if jar := _FETCHED.search(line):
            fetched += 1
            show(f"{fetched} files, {jar[1]}")
        text = _ADDRESS.sub("…", line.rstrip())
        if text.removeprefix("[ERROR]").strip() and text.startswith("[ERROR]"):
            errors.append(text)
        last.append(text)
    return errors or last
