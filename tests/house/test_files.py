"""What every committed file must be: small enough to hold in mind, and true on any machine."""

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES_MAX = 400
PACKAGES = ("ingest", "streams", "projections", "connectors", "tests")

# Written in pieces, so that this file does not hold what it looks for.
REGISTRIES = re.compile(
    "|".join(
        re.escape(host)
        for host in (
            "pypi" + ".org",
            "python" + "hosted.org",
            "npm" + "js.org",
            "npm" + "js.com",
            "yarn" + "pkg.com",
            "repo1." + "maven.org",
            "repo.maven" + ".apache.org",
            "crates" + ".io",
            "art" + "ifactory",
            "ne" + "xus.",
        )
    )
)
INDEX_OPTIONS = re.compile(r"^\s*--?(?:index-url|extra-index-url|find-links|i)\b", re.MULTILINE)
HOMES = ("/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/", "/wo" + "rk/", "/opt/wh" + "eels")
MACHINE = re.compile("|".join(rf"(?<![\w.}}/-]){re.escape(home)}" for home in HOMES))

# Schemas of others and payloads of platforms are as they are.
FOREIGN = (".schema.json",)


def committed() -> list[Path]:
    """The files that git would hand to a stranger; in a copy without git, every file that is not a product."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    if listed.returncode == 0:
        return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


def texts() -> list[tuple[str, str]]:
    """Name and text of each committed text file."""
    found = []
    for path in committed():
        if path.name.endswith(FOREIGN):
            continue
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text()))
        except UnicodeDecodeError:
            continue
    return found


def test_files_stay_small_enough_to_hold_in_mind() -> None:
    """The alarm of the style guide: whoever needs more than this has two ideas in one file."""
    long = {
        f"{path.relative_to(ROOT)}: {count}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > LINES_MAX
    }
    assert long == set()


def test_no_registry_is_named() -> None:
    """Where packages come from is for each machine to say: a lock file that names a host fails behind another."""
    found = [(name, hit.group()) for name, text in texts() for hit in REGISTRIES.finditer(text)]
    options = [
        (name, hit.group()) for name, text in texts() for hit in INDEX_OPTIONS.finditer(text) if ".py" not in name
    ]
    assert found + options == []


def test_no_folder_of_a_machine_is_named() -> None:
    """A path that only its author has breaks everyone else."""
    assert [(name, hit.group()) for name, text in texts() for hit in MACHINE.finditer(text)] == []


def test_the_scans_can_find_something() -> None:
    """They look for what they say."""
    assert REGISTRIES.search("https://files." + "python" + "hosted.org/x") is not None
    assert MACHINE.search('open("' + HOMES[0] + 'x")') is not None
    assert INDEX_OPTIONS.search("--index-url x") is not None


def test_every_locked_package_has_a_hash() -> None:
    """pip refuses the whole file otherwise, on a newcomer's machine instead of here."""
    for name in ("requirements.lock", "requirements-runtime.lock"):
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        assert len(entries) > 20
        assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_image_runs_what_the_tests_ran() -> None:
    """Both lock files name the same versions."""

    def versions(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert versions("requirements-runtime.lock") - versions("requirements.lock") == set()


def test_every_dependency_is_locked() -> None:
    """A dependency that was added without `make lock` would be missing on a fresh machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[\[<>=;~! ]", item)[0].lower().replace("_", "-") for item in wanted}
    assert names - locked == set()
