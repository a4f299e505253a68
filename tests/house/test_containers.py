"""Image and compose file, read instead of run: their commands, settings and conditions are real ones."""

import json
import re
import shlex
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from streams.cli.commands import available
from streams.settings import Settings, load
from streams.supervisor import plan

ROOT = Path(__file__).parents[2]
# https://github.com/compose-spec/compose-spec, schema/compose-spec.json, Apache-2.0
COMPOSE_SCHEMA = Path(__file__).with_name("compose-spec.schema.json")
OURS = "orderlog"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in compose["services"].items() if service["image"] == OURS}


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile as instructions, one list per stage."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


def installed_roles() -> set[str]:
    """The roles whose packages are here."""
    points = {point.name: point.module for point in entry_points(group="orderlog.commands")}
    return {role for role in plan.ROLES if role == plan.STREAMS or (role in points and _exists(points[role]))}


def _exists(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def test_the_compose_file_is_one(compose: dict[str, Any]) -> None:
    """A misspelt key would be found by whoever starts it first."""
    validator = jsonschema.Draft7Validator(json.loads(COMPOSE_SCHEMA.read_text()))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)] == []
    assert not validator.is_valid({**compose, "services": {"kafka": {"imag": "x"}}})


def test_there_is_a_service_for_each_role(services: dict[str, Any]) -> None:
    """What `orderlog up` starts on one machine, compose starts in containers; the sandbox only when asked for."""
    assert installed_roles() <= set(services)
    assert set(services) == installed_roles() | {"topics", "sandbox"}
    assert {name for name, service in services.items() if "profiles" in service} == {"sandbox"}
    assert services["sandbox"]["profiles"] == ["sandbox"]


def test_every_command_exists_with_its_options(services: dict[str, Any]) -> None:
    """A container whose command is unknown restarts for ever."""
    from streams.cli.commands import build

    for service in services.values():
        name, *arguments = service["command"]
        options = {option for parameter in build(name, available()[name]).params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("--")} <= options


def test_every_setting_that_is_named_is_known(services: dict[str, Any], stages: Any, tmp_path: Path) -> None:
    """A renamed setting must not live on in a file that nobody loads."""
    environs = [service["environment"] for service in services.values()]
    environs.append(
        dict(pair.split("=", 1) for word, rest in stages[-1] if word == "ENV" for pair in shlex.split(rest))
    )
    settings = {
        name: str(value) for environ in environs for name, value in environ.items() if name.startswith("ORDERLOG__")
    }
    assert len(settings) > 5
    (tmp_path / "empty.toml").write_text("")
    assert isinstance(load(tmp_path / "empty.toml", settings), Settings)


def test_nothing_starts_before_what_it_needs(compose: dict[str, Any], services: dict[str, Any]) -> None:
    """Roles wait for a healthy broker and for topics that are made; the conditions can come true."""
    for name in installed_roles():
        assert services[name]["depends_on"] == {
            "kafka": {"condition": "service_healthy"},
            "topics": {"condition": "service_completed_successfully"},
        }
    assert services["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    assert services["topics"]["restart"] == "on-failure:5"
    assert "test" in compose["services"]["kafka"]["healthcheck"]


def test_health_is_asked_on_the_port_that_the_role_listens_on(services: dict[str, Any]) -> None:
    """The image has one check; each service names its URL, and the port is the one that is set."""
    keys = {"ingest": "ORDERLOG__INGEST__PORT", "projections": "ORDERLOG__PROJECTIONS__PORT"} | {
        role: f"ORDERLOG__{role.upper()}__MONITOR_PORT" for role in plan.WORKERS
    }
    for name, key in keys.items():
        environ = services[name]["environment"]
        assert environ["ORDERLOG_HEALTH_URL"] == f"http://127.0.0.1:{environ[key]}/ready"
        assert any(port.endswith(f":{environ[key]}") for port in services[name]["ports"])


def test_only_ingest_is_open_to_the_network(compose: dict[str, Any]) -> None:
    """Broker, monitors and sandbox are for this machine: they ask nobody who they are."""
    opened = {
        name
        for name, service in compose["services"].items()
        for port in service.get("ports", ())
        if not port.startswith("127.0.0.1:")
    }
    assert opened == {"ingest"}


def test_data_lies_in_named_volumes(compose: dict[str, Any]) -> None:
    """`docker compose down` must not take the orders along."""
    mounted = {
        volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", ())
    }
    assert mounted == set(compose["volumes"])
    assert "kafka" in mounted


def test_workers_keep_an_instance_of_their_own(services: dict[str, Any]) -> None:
    """Static membership: a restarted container has its partitions back at once, and no two share an id."""
    ids = [services[role]["environment"][f"ORDERLOG__{role.upper()}__INSTANCE"] for role in plan.WORKERS]
    assert len(set(ids)) == len(plan.WORKERS)


def test_a_stop_is_waited_for(services: dict[str, Any]) -> None:
    """Docker kills after ten seconds by default, which is less than a drain may take."""
    settings = Settings()
    for role, program in zip(
        plan.ROLES, plan.programs(settings, plan.ROLES, {}, "127.0.0.1:9092", "host"), strict=True
    ):
        if role in services:
            assert int(services[role]["stop_grace_period"].removesuffix("s")) >= program.stop_timeout_s


def test_the_image_is_built_in_stages_and_runs_as_nobody_special(stages: list[list[tuple[str, str]]]) -> None:
    """No compiler, no cache and no root in what runs."""
    assert len(stages) == 2
    last = dict(stages[-1])
    assert last["USER"] == "10001:10001"
    assert last["ENTRYPOINT"] == '["orderlog"]'
    assert last["STOPSIGNAL"] == "SIGTERM"
    words = [word for word, _ in stages[-1]]
    assert words.index("USER") > max(index for index, word in enumerate(words) if word in ("RUN", "COPY"))
    assert [rest for word, rest in stages[-1] if word == "COPY"] == ["--from=build /app /app"]


def test_the_image_checks_its_health_with_what_it_has(stages: list[list[tuple[str, str]]]) -> None:
    """A slim image has no curl; the check asks the URL that the service names."""
    check = dict(stages[-1])["HEALTHCHECK"]
    command = json.loads(check[check.index("CMD ") + 4 :])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "healthcheck", "exec")
    assert "ORDERLOG_HEALTH_URL" in command[2]
    assert any(word == "ENV" and "ORDERLOG_HEALTH_URL=" in rest for word, rest in stages[-1])


def test_the_image_takes_only_what_it_needs(stages: list[list[tuple[str, str]]]) -> None:
    """Nothing but code and lock goes in: no settings, no secrets, no tests, no history."""
    copied = {name for word, rest in stages[0] if word == "COPY" for name in rest.split()[:-1]}
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == allowed
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert (ROOT / ".dockerignore").read_text().startswith("*\n")
    secrets = [rest for stage in stages for word, rest in stage if word in ("ENV", "ARG") and "SECRET" in rest.upper()]
    assert secrets == []
