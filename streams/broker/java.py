"""Which Java runs Kafka, and with which flags."""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from streams.broker.errors import MissingProgram

HINT = "or set kafka.bootstrap (ORDERLOG__KAFKA__BOOTSTRAP) to a broker that is already there"
# What a JVM says to classes of a newer Java.
TOO_OLD = "UnsupportedClassVersionError"

# A server that is small, and started often: measured, C1 and one GC thread halve the processor time of the first
# 20 s (2.4 s instead of 4.5 s to start) and cost 15 % of it afterwards.
FLAGS = (
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)
_PACKAGES = {
    "java": "install a JRE or JDK 17 or newer (Debian: apt install default-jre-headless; macOS: brew install openjdk)",
    "maven": "install Maven (Debian: apt install maven; macOS: brew install maven)",
    "both": "install them (Debian: apt install default-jre-headless maven; macOS: brew install openjdk maven)",
}


def install(what: str) -> str:
    """How to get `java`, `maven` or `both`."""
    return _PACKAGES[what]


def java(environ: Mapping[str, str]) -> str:
    """The Java to run Kafka with: JAVA_HOME's, else the one on the PATH. Raises `MissingProgram`."""
    home = environ.get("JAVA_HOME")
    if home and os.access(found := str(Path(home, "bin", "java")), os.X_OK):
        return found
    if found := shutil.which("java", path=environ.get("PATH")) or "":
        return found
    raise MissingProgram(f"no Java found: {install('java')}, {HINT}")


def too_old(runtime: str) -> MissingProgram:
    """The error of a Java that cannot read Kafka's classes."""
    return MissingProgram(f"{runtime} is too old for Kafka, which needs Java 17: {install('java')}, {HINT}")


def command_line(runtime: str, jars: Path, archive: Path, *arguments: str, dump: Path | None = None) -> Sequence[str]:
    """Runs a class of Kafka. Its classes come from `archive` if that is there; else it is made, as `dump`, on exit."""
    if archive.exists():
        sharing = [f"-XX:SharedArchiveFile={archive}"]
    else:
        sharing = [f"-XX:ArchiveClassesAtExit={dump}"] if dump else []
    return [
        runtime,
        *FLAGS,
        "-Xshare:auto",
        # Otherwise an archive that does not fit is a warning at every start.
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
        *sharing,
        "-Dlog4j2.configurationFile=log4j2.yaml",
        "-cp",
        f"{jars}/*",
        *arguments,
    ]


def archive_file(runtime: str, jars: Path) -> Path:
    """Where the classes of these jars lie, parsed and laid out by this very Java: starts in 1.1 s instead of 1.8 s."""
    real = Path(runtime).resolve()
    identity = f"{real} {real.stat().st_mtime_ns} {real.stat().st_size}"
    return jars.with_name(f"{jars.name}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.jsa")
