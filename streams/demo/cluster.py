"""Every process of a run: broker, sandbox, roles. Started in this order, supervised, killed on request, stopped."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO

import aiohttp
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.demo import setting
from streams.demo.options import Victim
from streams.demo.platforms import store
from streams.demo.setting import (
    API_CLIENT_SECRET,
    API_KEY,
    API_REFRESH_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    HOST,
    TARGET,
    Setting,
)
from streams.demo.webhook import COMMERCEOS
from streams.settings import load
from streams.supervisor import Event, EventKind, Program, Supervisor, plan

# The faults of the stand-in API: some of each kind, so that a run shows what becomes of them.
FAULTS = ("--latency-ms", "5", "--error-rate", "0.02", "--rate-limit-rate", "0.002", "--reset-after-rate", "0.02")
# The variables by which the stand-ins are told what to demand.
SANDBOX_SECRETS = {
    "EXTERNAL_API_TOKEN": TARGET,
    "QUICKBUTIK_API_KEY": API_KEY,
    "APICBASE_CLIENT_SECRET": API_CLIENT_SECRET,
    "APICBASE_REFRESH_TOKEN": API_REFRESH_TOKEN,
    "COMMERCEOS_API_CLIENT_SECRET": CLIENT_SECRET,
}
ROLES = (plan.INGEST, plan.STREAMS, plan.CONNECTORS)
NAMES = {
    Victim.WORKER: f"{plan.STREAMS}-0",
    Victim.CONNECTOR: f"{plan.CONNECTORS}-0",
    Victim.INGEST: plan.INGEST,
    Victim.BROKER: "broker",
}
BROKER_STOP_TIMEOUT_S = 40.0
BROKER_TIMEOUT_S = 600.0  # a first start fetches Kafka by Maven
TOPICS_TIMEOUT_S = 60.0
READY_TIMEOUT_S = 60.0
ASK_EVERY_S = 0.1
ASK_TIMEOUT_S = 1.0
SANDBOX_STOP_ORDER = 8
# `orderlog broker`: Java or Maven is missing, or Kafka does not start; it says so, and trying again would not help.
NO_BROKER = 3
REASON_LINES = 5

Ready = Callable[[], Awaitable[bool]]


class SetupFailed(Exception):
    """A part did not start; the message says which, and where its log is."""


class Cluster:
    """Use from one event loop. `data`: where logs, the broker's records and the configuration go."""

    def __init__(self, made: Setting, data: Path, on_event: Callable[[Event], None] = lambda event: None) -> None:
        self.setting, self.data = made, data
        self.config, self.logs = data / "orderlog.toml", data / "logs"
        self.logs.mkdir(parents=True)
        self._files: dict[str, IO[str]] = {}
        self._on_event = on_event
        self._supervisor = Supervisor(on_event=self._heard, on_line=self._write)
        self._gave_up: Event | None = None
        self._last_code: dict[str, int] = {}
        self._last_lines: dict[str, deque[str]] = {}

    async def start_broker(self) -> str:
        """A broker of our own; its address, once it answers. Raises `SetupFailed`."""
        port = str(self.setting.ports["broker"])
        argv = plan.command_line("broker", "--data", str(self.data / "broker"), "--port", port)
        broker = Program("broker", argv, plan.CHILD_ENV, plan.STOP_ORDER["broker"], BROKER_STOP_TIMEOUT_S)
        await self._supervisor.start(broker)
        bootstrap = f"{HOST}:{port}"
        await self._until("broker", BROKER_TIMEOUT_S, lambda: asyncio.to_thread(broker_answers, bootstrap))
        return bootstrap

    async def start_sandbox(self) -> None:
        """The stand-in APIs, with faults. Raises `SetupFailed`."""
        port = str(self.setting.ports["sandbox"])
        options = ("--host", HOST, "--port", port, "--commerceos-client-id", CLIENT_ID)
        argv = plan.command_line("sandbox", *options, *FAULTS)
        secrets = {variable: self.setting.secrets[name].decode() for variable, name in SANDBOX_SECRETS.items()}
        env = {**plan.CHILD_ENV, **secrets}
        await self._supervisor.start(Program("sandbox", argv, env, SANDBOX_STOP_ORDER))
        await self._until("sandbox", READY_TIMEOUT_S, _answers(f"{self.setting.url('sandbox')}/_sandbox/stats"))
        if COMMERCEOS in self.setting.targets:
            await self._fill_shelves()

    async def _fill_shelves(self) -> None:
        """Nothing can be ordered at CommerceOS that it does not know."""
        timeout = aiohttp.ClientTimeout(total=READY_TIMEOUT_S)
        url = f"{self.setting.url('sandbox')}/_sandbox/commerceos/products"
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session,
                session.put(url, json=store.products()),
            ):
                pass
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SetupFailed(f"the stand-in of CommerceOS took no products: {type(error).__name__}") from None

    async def configure(self, bootstrap: str) -> None:
        """Writes the configuration and creates the topics. Raises `SetupFailed`."""
        self.config.write_text(setting.document(self.setting, bootstrap, self.data))
        program = Program("topics", plan.command_line("topics"), {**plan.CHILD_ENV, **self._env()})
        if code := await self._supervisor.run_once(program, TOPICS_TIMEOUT_S):
            said = "\n".join(self._last_lines.get("topics", []))
            raise SetupFailed(f"the topics could not be created (exit code {code}): {said}")

    async def start_roles(self, bootstrap: str) -> None:
        """Ingest, streams and connectors, each until it is ready. Raises `SetupFailed`."""
        settings = load(self.config, {})
        for program in plan.programs(settings, ROLES, {}, bootstrap, self.setting.app_id):
            await self._supervisor.start(
                Program(
                    program.name,
                    program.argv,
                    {**program.env, **self._env()},
                    program.stop_order,
                    program.stop_timeout_s,
                )
            )
        for role in ROLES:
            await self._until(role, READY_TIMEOUT_S, _answers(f"{self.setting.url(role)}/ready"))

    def kill(self, victim: Victim) -> int:
        """SIGKILL, by pid; the supervisor brings it back. Gives the pid."""
        return self._supervisor.kill(NAMES[victim])

    async def gave_up(self) -> str:
        """Returns when a part will not come back by itself: what to say of it."""
        event = await self._supervisor.wait()
        return self._gone(event.program if event else "a part")

    async def stop(self) -> None:
        """Ends every process, in order; none is left."""
        await self._supervisor.stop()
        for file in self._files.values():
            file.close()

    def kill_all(self) -> None:
        """For a second Ctrl-C."""
        self._supervisor.kill_all()

    def _env(self) -> dict[str, str]:
        return {"ORDERLOG_CONFIG": str(self.config), **self.setting.env()}

    def _gone(self, program: str) -> str:
        return f"{program} ended and will not come back: see {self.logs / f'{program}.log'}"

    async def _until(self, part: str, timeout_s: float, ready: Ready) -> None:
        deadline = time.monotonic() + timeout_s
        while not await ready():
            if self._gave_up is not None:
                raise SetupFailed(self._gone(self._gave_up.program))
            if part == "broker" and self._last_code.get(part) == NO_BROKER:
                raise SetupFailed("\n".join(self._last_lines.get(part, ["the broker did not start"])))
            if time.monotonic() > deadline:
                raise SetupFailed(f"{part} was not ready within {timeout_s:.0f} s: see {self.logs}")
            await asyncio.sleep(ASK_EVERY_S)

    def _heard(self, event: Event) -> None:
        if event.kind is EventKind.EXITED and event.code is not None:
            self._last_code[event.program] = event.code
        if event.kind is EventKind.GAVE_UP:
            self._gave_up = event
        self._on_event(event)

    def _write(self, program: str, line: str) -> None:
        file = self._files.get(program)
        if file is None:
            file = self._files[program] = (self.logs / f"{program}.log").open("w", buffering=1)
        file.write(f"{line}\n")
        if not line.startswith("{"):  # for people
            self._last_lines.setdefault(program, deque(maxlen=REASON_LINES)).append(line)


def _answers(url: str) -> Ready:
    """Whether a GET there is answered 200 now."""

    async def ask() -> bool:
        timeout = aiohttp.ClientTimeout(total=ASK_TIMEOUT_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    return ask


def broker_answers(bootstrap: str) -> bool:
    """Whether the broker gives its metadata now. Blocks for a second at most."""
    try:
        AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=ASK_TIMEOUT_S)
    except KafkaException:
        return False
    return True
