"""`orderlog sandbox`: the stand-in APIs in the foreground."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import structlog
import typer
from aiohttp import web

from connectors.sandbox.apicbase import Account, ApicbaseApi
from connectors.sandbox.commerceos.api import CommerceOSApi
from connectors.sandbox.commerceos.rules import Rules
from connectors.sandbox.commerceos.tokens import Client
from connectors.sandbox.external import ExternalApi
from connectors.sandbox.faults import Faults
from connectors.sandbox.inventory import InventoryApi
from connectors.sandbox.quickbutik import QuickbutikApi
from connectors.sandbox.server import StandIn, application
from connectors.sandbox.slack import SlackApi
from streams.settings import Settings

log = structlog.get_logger(__name__)

TOKEN_VARIABLE = "EXTERNAL_API_TOKEN"  # noqa: S105 (the variable's name)
QUICKBUTIK_VARIABLE = "QUICKBUTIK_API_KEY"
APICBASE_SECRET_VARIABLE = "APICBASE_CLIENT_SECRET"  # noqa: S105 (the variable's name)
APICBASE_REFRESH_VARIABLE = "APICBASE_REFRESH_TOKEN"
COMMERCEOS_SECRET_VARIABLE = "COMMERCEOS_API_CLIENT_SECRET"  # noqa: S105 (the variable's name)
COMMERCEOS_TOKEN_VARIABLE = "COMMERCEOS_API_TOKEN"  # noqa: S105 (the variable's name)
INVENTORY_VARIABLE = "INVENTORY_API_TOKEN"
SLACK_VARIABLE = "SLACK_WEBHOOK_TOKEN"
STOP_TIMEOUT_S = 1.0


def command(
    settings: Settings,
    token: Annotated[str, typer.Option(envvar=TOKEN_VARIABLE, help="The Bearer token it demands; better by variable.")],
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8091,
    port_file: Annotated[Path | None, typer.Option(help="Where to write the port once it listens.")] = None,
    latency_ms: Annotated[float, typer.Option(min=0, max=60_000, help="Added to every answer.")] = 0,
    error_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of requests answered 500.")] = 0,
    rate_limit_rate: Annotated[float, typer.Option(min=0, max=1, help="Share answered 429 with Retry-After.")] = 0,
    retry_after_s: Annotated[int, typer.Option(min=0, max=3600)] = 1,
    reset_after_rate: Annotated[float, typer.Option(min=0, max=1, help="Share done, but cut instead of answered.")] = 0,
    hang_rate: Annotated[float, typer.Option(min=0, max=1, help="Share held for hang-s, then done.")] = 0,
    hang_s: Annotated[float, typer.Option(min=0, max=300)] = 30,
    seed: Annotated[int, typer.Option(help="Decides, with key and attempt, which request fails.")] = 0,
    quickbutik_key: Annotated[
        str | None, typer.Option(envvar=QUICKBUTIK_VARIABLE, help="Its API key; without one there is no such API.")
    ] = None,
    quickbutik_webhook_url: Annotated[str | None, typer.Option(help="Where the shop pings; else nowhere.")] = None,
    apicbase_client_secret: Annotated[
        str | None, typer.Option(envvar=APICBASE_SECRET_VARIABLE, help="Of the client; without one no such API.")
    ] = None,
    apicbase_refresh_token: Annotated[
        str, typer.Option(envvar=APICBASE_REFRESH_VARIABLE, help="The first one that is good.")
    ] = Account().refresh_token,
    commerceos_client_id: Annotated[str, typer.Option()] = Client().client_id,
    commerceos_client_secret: Annotated[
        str | None, typer.Option(envvar=COMMERCEOS_SECRET_VARIABLE, help="Of its OAuth2 client.")
    ] = None,
    commerceos_token: Annotated[
        str | None,
        typer.Option(envvar=COMMERCEOS_TOKEN_VARIABLE, help="A fixed Bearer token; without this or that no such API."),
    ] = None,
    commerceos_token_ttl_s: Annotated[float, typer.Option(min=0.1, help="How long its tokens live.")] = 60,
    commerceos_requests_max: Annotated[int, typer.Option(min=1, max=100_000, help="In any second.")] = 100,
    inventory_token: Annotated[
        str | None, typer.Option(envvar=INVENTORY_VARIABLE, help="Its Bearer token; without one there is no such API.")
    ] = None,
    inventory_requests_max: Annotated[int, typer.Option(min=1, max=100_000, help="In any second.")] = 100,
    inventory_unknown_status: Annotated[
        int, typer.Option(min=400, max=404, help="How it refuses an unknown product.")
    ] = 404,
    slack_token: Annotated[
        str | None, typer.Option(envvar=SLACK_VARIABLE, help="Of /services/<token>; without one no such webhook.")
    ] = None,
) -> None:
    """Run stand-in APIs that remember what was asked of them and fail as they are told to."""
    faults = Faults(
        latency_ms=latency_ms,
        error_rate=error_rate,
        rate_limit_rate=rate_limit_rate,
        retry_after_s=retry_after_s,
        reset_after_rate=reset_after_rate,
        hang_rate=hang_rate,
        hang_s=hang_s,
        seed=seed,
    )
    apis: list[StandIn] = [ExternalApi(token, faults)]
    if quickbutik_key is not None:
        apis.append(QuickbutikApi(quickbutik_key, faults, quickbutik_webhook_url))
    if apicbase_client_secret is not None:
        account = Account(client_secret=apicbase_client_secret, refresh_token=apicbase_refresh_token)
        apis.append(ApicbaseApi(account, faults))
    if commerceos_client_secret is not None or commerceos_token is not None:
        client = Client(commerceos_client_id, commerceos_client_secret, commerceos_token, commerceos_token_ttl_s)
        commerceos = CommerceOSApi(client, faults)
        commerceos.store.rules = Rules(requests_max=commerceos_requests_max)
        apis.append(commerceos)
    if inventory_token is not None:
        inventory = InventoryApi(
            inventory_token, faults, requests_max=inventory_requests_max, unknown_status=inventory_unknown_status
        )
        apis.append(inventory)
    if slack_token is not None:
        apis.append(SlackApi(slack_token, faults))
    asyncio.run(serve(application(apis), host, port, port_file))
    raise SystemExit(0)


async def serve(app: web.Application, host: str, port: int, port_file: Path | None) -> None:
    """Until SIGTERM or SIGINT. Prints the address once it listens."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_TIMEOUT_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        if port_file is not None:
            _write_whole(port_file, f"{bound}\n")
        typer.echo(f"sandbox on http://{host}:{bound}")
        await stop.wait()
    finally:
        await runner.cleanup()


def _write_whole(path: Path, text: str) -> None:
    """A reader sees all of it or none."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text)
    partial.replace(path)
