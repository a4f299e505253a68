"""The `orderlog` command, as a person runs it: a process with arguments, an exit code, and two streams."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from streams.cli.commands import OWN, Entry, available, build, inject_settings
from streams.settings import Settings, load

SECRET = "hunter2-do-not-tell"
CONFIG = """
[[sources]]
name = "shop"
platform = "duda"
auth = { scheme = "duda-hmac", secrets = ["env:SHOP", "env:NEXT"] }
[[targets]]
name = "external"
kind = "external"
base_url = "http://127.0.0.1:8091"
auth = { scheme = "bearer", token = "env:TOKEN" }
[[routes]]
from = ["shop"]
to = ["external"]
"""


@pytest.fixture(autouse=True)
def restored_environment() -> object:
    """Commands that run in this process leave its environment as it was."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def orderlog(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        cwd=cwd,
        env={**clean, "NO_COLOR": "1", "COLUMNS": "200", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_lists_every_command_and_imports_none(tmp_path: Path) -> None:
    """Help must be there at once, whatever the state of the parts."""
    result = orderlog("--help", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert [name for name in available() if f" {name} " not in result.stdout] == []
    code = (
        "import sys; from streams.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('faust', 'aiohttp', 'confluent_kafka', 'pydantic') if m in sys.modules], file=sys.stderr)"
    )
    imports = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=60)
    assert imports.stderr == "[]\n"


def test_the_commands_of_other_packages_are_entry_points() -> None:
    """`streams` imports none of the other three: it finds their commands by name, and has a line on each."""
    assert {"ingest", "connectors", "sandbox"} <= set(available()) - set(OWN)
    assert [name for name, entry in available().items() if not entry.help.endswith(".")] == []


@pytest.mark.parametrize("name", sorted({*OWN, "ingest", "connectors", "sandbox"}))
def test_every_command_of_the_application_loads(name: str) -> None:
    """A command that is listed is one that can be called."""
    command = build(name, available()[name])
    assert command.help
    assert "--settings" not in [option for parameter in command.params for option in parameter.opts]


def test_mistakes_in_the_settings_are_told_without_a_traceback(tmp_path: Path) -> None:
    """Exit code 2, one line per mistake on stderr, nothing on stdout, nothing of the value."""
    (tmp_path / "orderlog.toml").write_text(f'[ingest]\nprot = 1\n[projections]\ntoken = "{SECRET}"\n')
    for arguments in (["config"], ["config", "--check"], ["up"], ["topics"]):
        result = orderlog(*arguments, cwd=tmp_path)
        assert (result.returncode, result.stdout) == (2, "")
        assert [line.split(": ")[:2] for line in result.stderr.splitlines()] == [
            ["orderlog.toml:2", "ingest.prot"],
            ["orderlog.toml:4", "projections.token"],
        ]
        assert SECRET not in result.stderr


def test_config_shows_what_holds_and_no_secret(tmp_path: Path) -> None:
    """Its output is TOML that gives the same settings again; secrets are shown by name only."""
    (tmp_path / "mine.toml").write_text(CONFIG)
    environ = {"SHOP": SECRET, "TOKEN": SECRET, "ORDERLOG__INGEST__PORT": "8099"}
    result = orderlog("--config", "mine.toml", "config", cwd=tmp_path, **environ)
    assert (result.returncode, result.stderr) == (0, "")
    assert SECRET not in result.stdout
    assert "# not to be had: env:NEXT\n" in result.stdout
    settings = Settings.model_validate(tomllib.loads(result.stdout))
    assert settings == load(tmp_path / "mine.toml", {"ORDERLOG__INGEST__PORT": "8099"})


def test_config_check_asks_for_the_secrets_too(tmp_path: Path) -> None:
    """What is missing is found before the first webhook finds it."""
    (tmp_path / "orderlog.toml").write_text(CONFIG)
    missing = orderlog("config", "--check", cwd=tmp_path, SHOP=SECRET, TOKEN=SECRET)
    assert missing.returncode == 2
    assert missing.stderr.startswith("orderlog.toml:5: sources[0].auth.secrets[1]: env:NEXT: ")
    right = orderlog("config", "--check", cwd=tmp_path, SHOP=SECRET, TOKEN=SECRET, NEXT=SECRET)
    assert (right.returncode, right.stdout, right.stderr) == (0, "orderlog.toml: right\n", "")


def test_a_role_without_a_broker_says_so(tmp_path: Path) -> None:
    """Not a traceback, and not a client that tries for ever."""
    result = orderlog("streams", cwd=tmp_path)
    assert result.returncode == 2
    assert "kafka.bootstrap is not set" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_command_that_cannot_be_imported_does_not_break_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """A package that is left out of an installation costs its own commands only."""
    with pytest.raises(typer.Exit) as caught:
        build("ghost", Entry("no_such_package.cli:command", "A ghost."))
    assert caught.value.exit_code == 2
    assert capsys.readouterr().err == (
        "orderlog ghost cannot be loaded (no_such_package.cli:command): No module named 'no_such_package'\n"
    )


def test_settings_are_injected_and_options_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first parameter comes from the file, the others from the command line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERLOG__INGEST__PORT", "8099")
    seen: list[tuple[int, int, str]] = []

    def command(
        settings: Settings, count: Annotated[int, typer.Option(min=1)], name: Annotated[str, typer.Argument()] = "x"
    ) -> None:
        """Does something."""
        seen.append((settings.ingest.port, count, name))

    app = typer.Typer()
    app.command()(inject_settings("test", command))
    assert CliRunner().invoke(app, ["--count", "3"]).exit_code == 0
    assert CliRunner().invoke(app, ["--count", "4", "y"]).exit_code == 0
    assert seen == [(8099, 3, "x"), (8099, 4, "y")]
    assert CliRunner().invoke(app, ["--count", "0"]).exit_code == 2
    assert "Does something." in CliRunner().invoke(app, ["--help"]).output


def test_schema_prints_json(tmp_path: Path) -> None:
    """Both documents can be piped on."""
    assert json.loads(orderlog("schema", cwd=tmp_path).stdout)["$defs"]["Order"]["type"] == "object"
    assert json.loads(orderlog("schema", "--asyncapi", cwd=tmp_path).stdout)["asyncapi"] == "3.0.0"
    assert orderlog("schema", "--asyncapi", "--jsonschema", cwd=tmp_path).returncode == 2


def test_version_is_the_project_s(tmp_path: Path, repository: Path) -> None:
    """What people quote in a report."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert orderlog("version", cwd=tmp_path).stdout == f"{project['version']}\n"
