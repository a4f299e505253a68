"""Its sync webhooks: what a query finds, mapped or not, posted to a URL (seed 002, webhook configuration)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, Field

from connectors.sandbox.commerceos.model import Order, Shipment
from connectors.sandbox.commerceos.path import parse
from connectors.sandbox.commerceos.query import Asked, Resource, asked, first, narrowed, project, values
from connectors.sandbox.commerceos.refusal import invalid
from connectors.sandbox.commerceos.routes import Routes
from connectors.sandbox.commerceos.saved import MAPPED_TYPES, SYNC_WEBHOOKS

# It waits 5 s for an answer.
TIMEOUT_S = 5.0
PREFIX = "api/v1/"


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tokenUrl: str
    client_id: str
    client_secret: str
    scope: str = ""


class Auth(BaseModel):
    model_config = ConfigDict(extra="forbid")

    authorizationHeader: str | None = None
    clientCredentials: Credentials | None = None


class In(BaseModel):
    url: str


class Out(BaseModel):
    method: Literal["POST", "PUT"] = "POST"
    url: str
    auth: Auth = Auth()


class Push(BaseModel):
    """One run.

    `webhook`: the reference of a sync webhook that was put, of which the rest is then taken. `map`: field → path.
    `set`: identifiers that what was pushed gets. `form`: all in one list, one object to a request, or lines. `times`:
    how often all of it is pushed.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    webhook: str | None = None
    in_: In | None = Field(default=None, alias="in")
    out: Out | None = None
    map: dict[str, str] | None = None
    sets: dict[str, str] = Field(default_factory=dict, alias="set")
    form: Literal["list", "single", "ndjson"] = "list"
    times: int = Field(default=1, ge=1, le=100)


@dataclass(frozen=True, slots=True)
class Pushed:
    """`answers`: of each request, in order; a status of 0: there was none."""

    items: int
    answers: list[dict[str, object]]


async def push(routes: Routes, wanted: Push) -> Pushed:
    """Raises `Refused`. A run ends at the first answer that is not 2xx."""
    wanted = _complete(routes, wanted)
    assert wanted.in_ is not None and wanted.out is not None
    found, fields = _found(routes, wanted.in_.url)
    bodies = _bodies([_item(each, fields, wanted.map) for each in found], wanted.form)
    answers: list[dict[str, object]] = []
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for body in bodies * wanted.times:
            answers.append(await _send(session, wanted.out, body, wanted.form))
            if not str(answers[-1]["status"]).startswith("2"):
                return Pushed(len(found), answers)
    for each in found:
        if isinstance(each.thing, Order | Shipment):
            each.thing.identifiers |= wanted.sets
    return Pushed(len(found), answers)


def _complete(routes: Routes, wanted: Push) -> Push:
    """The sync webhook that is named, as it was put, with the mapped type that it names."""
    if wanted.webhook is None:
        if wanted.in_ is None or wanted.out is None:
            raise invalid("MissingRequiredField", "give a webhook, or in and out")
        return wanted
    document = routes.saved[SYNC_WEBHOOKS].get(wanted.webhook).document
    type = document.get("map", {}).get("identifiers", {}).get("key")
    body = routes.saved[MAPPED_TYPES].get(f"key={type}").document["body"] if type else None
    sets = document.get("then", {}).get("set", {}).get("identifiers", {})
    given = {"in": document["in"], "out": document["out"], "map": body, "set": sets}
    return Push.model_validate({**given, "form": wanted.form, "times": wanted.times})


def _found(routes: Routes, url: str) -> tuple[Sequence[Resource], Asked]:
    """What a query leads to, and the fields that it asks for. Raises `Refused`."""
    if not url.startswith(PREFIX):
        raise invalid("InvalidPath", f"in.url begins with {PREFIX}")
    value, last = routes.find(parse(url.removeprefix(PREFIX)))
    chosen = narrowed(value, last.operators)
    if not isinstance(chosen, list):
        raise invalid("InvalidPath", "in.url leads to no list")
    return chosen, asked(last.operators)


def _item(found: Resource, wanted: Asked, mapped: Mapping[str, str] | None) -> Any:
    """As the query asks for it, or as the mapped type has it: that one sees every field."""
    if mapped is None:
        return project(found, wanted)
    return {name: project(first(values(found, path.split("/"))), Asked()) for name, path in mapped.items()}


def _bodies(items: Sequence[Any], form: str) -> list[bytes]:
    if form == "single":
        return [orjson.dumps(item) for item in items]
    return [b"\n".join(map(orjson.dumps, items))] if form == "ndjson" else [orjson.dumps(items)]


async def _send(session: aiohttp.ClientSession, out: Out, body: bytes, form: str) -> dict[str, object]:
    headers = {"Content-Type": "application/x-ndjson" if form == "ndjson" else "application/json"}
    try:
        headers |= await _authorization(session, out.auth)
        async with session.request(out.method, out.url, data=body, headers=headers, allow_redirects=False) as response:
            return {"status": response.status, "body": (await response.read()).decode("utf-8", "replace")[:10_000]}
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return {"status": 0, "body": type(error).__name__}


async def _authorization(session: aiohttp.ClientSession, auth: Auth) -> dict[str, str]:
    """The fixed header, or a token that is fetched for this request."""
    if auth.authorizationHeader is not None:
        return {"Authorization": auth.authorizationHeader}
    if (client := auth.clientCredentials) is None:
        return {}
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.client_secret}
    if client.scope:
        form["scope"] = client.scope
    async with session.post(client.tokenUrl, data=form, allow_redirects=False) as response:
        response.raise_for_status()
        token = (await response.json(content_type=None))["access_token"]
    return {"Authorization": f"Bearer {token}"}
