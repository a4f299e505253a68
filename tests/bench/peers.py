"""The peers' own environment, made on demand in the user's cache folder: Quix Streams is no dependency of ours."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

from tests.bench.processes import BenchError

PEERS = ("quixstreams==3.28.1",)
# What our functions import, in our versions: the peer runs the same code on the same libraries, where it allows them.
OURS = ("jmespath", "orjson", "prometheus-client", "structlog", "uvloop")
INSTALL_TIMEOUT_S = 600


def python() -> Path:
    """The interpreter of the peers' environment, made if it is not there. Raises `BenchError`."""
    wanted = [*PEERS, *(f"{name}=={version(name)}" for name in OURS)]
    mark = hashlib.sha256(f"{sys.version} {wanted}".encode()).hexdigest()[:12]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "orderlog" / f"peers-{mark}"
    interpreter = folder / "bin" / "python"
    done = folder / "complete"
    if not done.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        venv.create(folder, clear=True, with_pip=True)
        _install(interpreter, wanted)
        done.touch()
    return interpreter


def _install(interpreter: Path, wanted: list[str]) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [uv, "pip", "install", "--quiet", "--python", str(interpreter)] if uv else pip
    try:
        done = subprocess.run(
            [*command, *wanted], capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise BenchError(f"the peers were not installed within {INSTALL_TIMEOUT_S} s") from None
    if done.returncode:
        raise BenchError(f"the peers cannot be installed: {done.stderr[-2000:]}")


def versions(interpreter: Path) -> dict[str, str]:
    """Of what is compared."""
    names = ("quixstreams", "confluent-kafka", "pydantic", "orjson")
    code = f"from importlib.metadata import version; print(*(version(name) for name in {names!r}))"
    printed = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(names, printed, strict=True)) | {"faust-streaming": version("faust-streaming")}
