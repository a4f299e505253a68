"""Which processes `orderlog up` makes of roles, and how their lines become one log. Pure."""

import io
import json
import socket
import sys

import pytest

from streams.broker import ports
from streams.settings import Settings
from streams.settings.model import Connectors, Streams
from streams.supervisor import plan
from streams.supervisor.output import Output
from streams.supervisor.up import broker_port


def environments(settings: Settings, workers: dict[str, int]) -> dict[str, dict[str, str]]:
    made = plan.programs(settings, plan.ROLES, workers, "127.0.0.1:9092", "my host")
    return {program.name: dict(program.env) for program in made}


def test_workers_share_nothing_that_must_be_theirs_alone() -> None:
    """Instance ids, monitor ports and folders differ: two workers with one instance id fence each other off."""
    found = environments(Settings(), {"streams": 3, "connectors": 2})
    assert list(found) == [
        "ingest",
        "streams-0",
        "streams-1",
        "streams-2",
        "connectors-0",
        "connectors-1",
        "projections",
    ]
    workers = [env for name, env in found.items() if "-" in name]
    for end in ("__INSTANCE", "__MONITOR_PORT", "__DATA_DIR"):
        values = [value for env in workers for key, value in env.items() if key.endswith(end)]
        assert (len(values), len(set(values))) == (5, 5)


def test_a_slot_is_the_same_at_every_start() -> None:
    """Static membership works only if a restarted worker says who it was."""
    assert environments(Settings(), {"streams": 2}) == environments(Settings(), {"streams": 2})
    assert environments(Settings(), {})["streams-0"] == {
        "ORDERLOG__KAFKA__BOOTSTRAP": "127.0.0.1:9092",
        "ORDERLOG__LOG__FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        "ORDERLOG__STREAMS__INSTANCE": "my-host-streams-0",
        "ORDERLOG__STREAMS__MONITOR_PORT": "8082",
        "ORDERLOG__STREAMS__DATA_DIR": ".orderlog/streams/streams-0",
    }


def test_the_settings_own_choices_are_kept() -> None:
    """A configured instance is the stem, a port of 0 stays one that the kernel chooses."""
    settings = Settings(
        streams=Streams(instance="east", monitor_port=0), connectors=Connectors(instance="west", monitor_port=9000)
    )
    found = environments(settings, {"streams": 2, "connectors": 2})
    assert found["streams-1"]["ORDERLOG__STREAMS__INSTANCE"] == "east-streams-1"
    assert found["streams-1"]["ORDERLOG__STREAMS__MONITOR_PORT"] == "0"
    assert found["connectors-1"]["ORDERLOG__CONNECTORS__INSTANCE"] == "west-connectors-1"
    assert found["connectors-1"]["ORDERLOG__CONNECTORS__MONITOR_PORT"] == "9010"


def test_roles_stop_in_the_direction_of_the_flow() -> None:
    """First nothing more comes in, last the broker goes; each has the time that its drain may take."""
    made = plan.programs(Settings(), plan.ROLES, {}, "b", "h")
    assert sorted(made, key=lambda program: program.stop_order) == made
    assert plan.STOP_ORDER["broker"] > max(program.stop_order for program in made)
    assert made[0].stop_timeout_s > Settings().ingest.drain_timeout_s
    assert made[1].stop_timeout_s > Settings().streams.commit_timeout_s


def test_children_run_with_this_interpreter() -> None:
    """Whatever `orderlog` is first on the PATH, the roles are of the same installation."""
    assert plan.command_line("ingest") == [sys.executable, "-m", "streams.cli", "ingest"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ingest=2", "set ingest.processes"),
        ("projections=2", "workers can be given for streams and connectors"),
        ("streams", "write streams=N"),
        ("streams=0", "write streams=N"),
        ("streams=100", "write streams=N"),
        ("streams=two", "write streams=N"),
        ("=2", "workers can be given for"),
    ],
)
def test_a_wrong_number_of_workers_is_told(text: str, said: str) -> None:
    """Before anything has been started."""
    with pytest.raises(ValueError, match=said):
        plan.parse_workers([text])


def test_numbers_of_workers_are_read() -> None:
    """The last of two for the same role counts, as with any option."""
    assert plan.parse_workers(["streams=2", "connectors=10", "streams=3"]) == {"streams": 3, "connectors": 10}


def test_a_log_for_machines_is_json_whatever_the_children_write() -> None:
    """A traceback or a JVM's warning among the lines must not break the parser behind."""
    stream = io.StringIO()
    output = Output(stream, console=False)
    output.line("streams-0", '{"event":"accepted","level":"info","role":"streams","offset":7}')
    output.line("broker", "Exception in thread main")
    output.line("broker", '{"not": "a log line"}')
    output.line("broker", "{broken")
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {"event": "accepted", "level": "info", "role": "streams-0", "offset": 7},
        {"event": "Exception in thread main", "level": "info", "role": "broker"},
        {"event": '{"not": "a log line"}', "level": "info", "role": "broker"},
        {"event": "{broken", "level": "info", "role": "broker"},
    ]


def test_a_log_for_people_has_the_program_before_each_line() -> None:
    """A traceback inside of a JSON line is set on lines of its own, each marked."""
    stream = io.StringIO()
    output = Output(stream, console=True)
    output.line(
        "streams-0", '{"event":"failed","level":"error","role":"streams","exception":"Traceback\\n  ValueError"}'
    )
    output.line("ingest", "plain")
    lines = stream.getvalue().splitlines()
    assert [line.split(" │ ")[0].strip() for line in lines] == ["streams-0", "streams-0", "streams-0", "ingest"]
    assert ("failed" in lines[0], lines[2].endswith("ValueError"), lines[3].endswith("│ plain")) == (True, True, True)
    assert "\x1b" not in stream.getvalue()


def test_a_reader_that_went_away_does_not_stop_the_supervision() -> None:
    """`orderlog up | head` must not take the roles down."""
    stream = io.StringIO()
    output = Output(stream, console=False)
    stream.close()
    output.line("ingest", "x")


def test_a_port_that_is_taken_is_not_chosen() -> None:
    """Another Kafka on 9092 is not ours to disturb; nor may it be a port that outgoing connections are given."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        other = broker_port(port)
        assert other != port
        assert ports.LOWEST <= other < ports.HIGHEST
    assert broker_port(port) == port
