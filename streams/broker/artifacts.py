"""Kafka's jars, fetched once by Maven into the user's cache folder; afterwards neither network nor Maven is needed."""

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from streams.broker.errors import BrokerError

POM = Path(__file__).with_name("pom.xml")
MAVEN_TIMEOUT_S = 900
OUTPUT_LINES_MAX = 15
HINT = "or set kafka.bootstrap (ORDERLOG__KAFKA__BOOTSTRAP) to a broker that is already there"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where the jars of this pom.xml lie; another pom.xml has another folder."""
    base = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "orderlog" / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"


def java() -> str:
    """The Java to run Kafka with. Raises `BrokerError`."""
    if found := shutil.which("java"):
        return found
    raise BrokerError(f"no Java found: install a JRE or JDK 17 or newer, {HINT}")


def jars(environ: Mapping[str, str]) -> Path:
    """The folder of the jars, filled if it is not there yet. Two starts at once are fine. Raises `BrokerError`."""
    folder = cache_folder(environ)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder.with_suffix(".lock")):
            if not folder.exists():
                _fetch(folder)
    return folder


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerError(f"no Maven found, which fetches Apache Kafka: install Maven, {HINT}")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as scratch:
        shutil.copy(POM, scratch)
        target = Path(scratch, "libs")
        command = [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={target}"]
        with Console(stderr=True).status("Fetching Apache Kafka by Maven (about 54 MB, once)…"):
            _run(command, Path(scratch))
        if not list(target.glob("kafka_*.jar")):
            raise BrokerError("Maven ended well but fetched no Kafka; look at its settings")
        target.rename(folder)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=MAVEN_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BrokerError(f"Maven did not fetch Apache Kafka within {MAVEN_TIMEOUT_S} s; try again, {HINT}") from None
    if done.returncode:
        lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()[:OUTPUT_LINES_MAX]
        raise BrokerError("\n".join([f"Maven could not fetch Apache Kafka; try again, {HINT}. It said:", *lines]))
