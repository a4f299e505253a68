"""The paths about dead letters, and what each answers."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import structlog
from aiohttp import web

from connectors.deadletters import show
from connectors.deadletters.model import OPEN, Letter, Verb
from connectors.deadletters.selection import Selection
from projections.http import metrics
from projections.http.access import Access
from projections.http.deadletters import given, pages
from projections.http.deadletters.office import Found, Office, confirmation
from projections.http.problems import Refusal
from projections.http.workplace import Workplace

logger = structlog.get_logger("orderlog.projections.deadletters")

BODY_TIMEOUT_S = 10.0
SHOWN_MAX = 50


def routes(office: Office, workplace: Workplace, access: Access) -> Iterable[web.RouteDef]:
    """An id is a digest: none is called `audit`."""
    desk = Desk(office, workplace, access)
    return [
        web.get("/deadletters", desk.listed, allow_head=False),
        web.get("/deadletters/audit", desk.audit, allow_head=False),
        web.post("/deadletters/redrive", desk.redrive_many),
        web.post("/deadletters/discard", desk.discard_many),
        web.get("/deadletters/{id}", desk.whole, allow_head=False),
        web.post("/deadletters/{id}/redrive", desk.redrive),
        web.post("/deadletters/{id}/discard", desk.discard),
    ]


class Desk:
    """The handlers. Each raises `Refusal`, and what `Office` raises."""

    def __init__(self, office: Office, workplace: Workplace, access: Access) -> None:
        self._office, self._workplace, self._access = office, workplace, access

    async def listed(self, request: web.Request) -> web.Response:
        """Those that match, page by page; no customer data."""
        asked = given.listed(request.query, self._office.now())
        found = await self._workplace.do(lambda: self._office.letters(asked.selection))
        page = pages.page(found.rows, pages.letter_key, asked.limit, asked.cursor)
        rows = [show.fields(each) for each in page.rows]
        return _json({"dead_letters": rows, "count": page.count, "next": page.next, **_notes(found)})

    async def audit(self, request: web.Request) -> web.Response:
        """Who decided what, when and why."""
        asked = given.listed(request.query, self._office.now(), of_decisions=True)
        found = await self._workplace.do(lambda: self._office.decisions(asked.selection))
        page = pages.page(found.rows, pages.decision_key, asked.limit, asked.cursor)
        rows = [show.audit_fields(*each) for each in page.rows]
        return _json({"decisions": rows, "count": page.count, "next": page.next, **_notes(found)})

    async def whole(self, request: web.Request) -> web.Response:
        """One with its whole exchange: customer data, credentials masked."""
        id = request.match_info["id"]
        found = await self._workplace.do(lambda: self._office.whole(id))
        if found is None:
            raise Refusal("dead-letter-unknown")
        return _json(found)

    async def redrive(self, request: web.Request) -> web.Response:
        return await self._decide_one(Verb.REDRIVE, request)

    async def discard(self, request: web.Request) -> web.Response:
        return await self._decide_one(Verb.DISCARD, request)

    async def redrive_many(self, request: web.Request) -> web.Response:
        return await self._decide_many(Verb.REDRIVE, request)

    async def discard_many(self, request: web.Request) -> web.Response:
        return await self._decide_many(Verb.DISCARD, request)

    async def _decide_one(self, verb: Verb, request: web.Request) -> web.Response:
        """202: the decision is written, and the connectors take it up; 200: it was written already."""
        said = given.Said.of(await _body(request))
        id, who = request.match_info["id"], _who(self._access, request, said)

        def work() -> bool:
            found = self._office.undecided(verb, Selection(ids=frozenset({id}), states=OPEN))
            if found.otherwise:
                letter, by = found.otherwise[0]
                raise Refusal("decided-otherwise", decided=show.decision_fields(by), id=letter.id)
            if found.due:
                self._office.publish(verb, found.due, who, said.why)
            elif not found.same:
                self._refuse_closed(id)
            return bool(found.due)

        is_new = await self._workplace.do(work)
        self._note(verb, int(is_new), who)
        status = "accepted" if is_new else "decided-already"
        return _json({"id": id, "decision": verb, "status": status}, 202 if is_new else 200)

    async def _decide_many(self, verb: Verb, request: web.Request) -> web.Response:
        """All that match, not only what is shown; first only how many, and what must be repeated to do it."""
        asked = given.Asked.of(await _body(request))
        who, selection = _who(self._access, request, asked), given.chosen(asked.selection, self._office.now())
        if not asked.dry_run and asked.confirm is None:
            raise Refusal("body-invalid", "confirm: what the dry run of this selection gave")

        def work() -> tuple[Sequence[Letter], dict[str, Any]]:
            found = self._office.undecided(verb, selection)
            others = {"decided_already": found.same, "decided_otherwise": len(found.otherwise)}
            if not asked.dry_run:
                if asked.confirm != confirmation(verb, found.due):
                    raise Refusal("selection-changed", count=len(found.due))
                self._office.publish(verb, found.due, who, asked.why)
            return found.due, others

        due, others = await self._workplace.do(work)
        if asked.dry_run:
            return _json(_rehearsed(verb, due) | others)
        self._note(verb, len(due), who)
        return _json({"decision": verb, "decided": len(due), **others}, 202 if due else 200)

    def _refuse_closed(self, id: str) -> None:
        """Raises `Refusal`: there is none, or it ended."""
        found = self._office.letters(Selection(ids=frozenset({id}), states=frozenset())).rows
        if not found:
            raise Refusal("dead-letter-unknown")
        raise Refusal("dead-letter-closed", state=found[-1].state.value)

    def _note(self, verb: Verb, count: int, who: str) -> None:
        metrics.DECISIONS.labels(verb.value).inc(count)
        logger.info("decided", decision=verb.value, count=count, who=who)


def _rehearsed(verb: Verb, due: Sequence[Letter]) -> dict[str, Any]:
    return {
        "would": verb,
        "count": len(due),
        "targets": Counter(each.target for each in due),
        "behind": sum(each.behind for each in due),
        "dead_letters": [show.fields(each) for each in due[:SHOWN_MAX]],
        "confirm": confirmation(verb, due),
    }


def _who(access: Access, request: web.Request, said: given.Said) -> str:
    """The token's name, which a body cannot overrule; else the body's. Raises `Refusal`."""
    name = access.caller(request.headers).name
    if name is None and said.who is None:
        raise Refusal("body-invalid", "who: say who decides, since the token is nobody's own")
    if name is not None and said.who not in (None, name):
        raise Refusal("body-invalid", f"who: the token is that of {name}")
    return name or said.who or ""


async def _body(request: web.Request) -> bytes:
    """Raises `Refusal`. Only JSON: a form of a strange page, sent by an operator's browser, is none."""
    if request.content_type != "application/json":
        raise Refusal("unsupported-media-type")
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await request.read()
    except TimeoutError:
        raise Refusal("request-timeout") from None


def _notes(found: Found[Any]) -> dict[str, Any]:
    """What was not looked at, so that nobody takes the list for all of it."""
    notes: dict[str, Any] = {}
    if found.passed_over:
        notes["targets_passed_over"] = found.passed_over
    if found.unreadable.count:
        notes["unreadable"] = {"count": found.unreadable.count, "records": list(map(str, found.unreadable.places))}
    return notes


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
