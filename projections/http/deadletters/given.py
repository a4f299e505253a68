"""What is asked: query strings and bodies → selections. Pure.

What is not known is refused: a misspelt filter of a redrive would choose everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from multidict import MultiMapping
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from connectors.deadletters.model import OPEN, State, Verb
from connectors.deadletters.selection import Selection, moment
from connectors.who import WHO_CHARS_MAX
from projections.http.deadletters.pages import LIMIT, LIMIT_MAX
from projections.http.problems import Refusal
from streams.vocabulary import CommandType

VALUES_MAX = 5000
WHY_CHARS_MAX = 1000
ANY = "any"
# Parameter of a query string → member of a selection.
FILTERS = {
    "id": "ids",
    "order": "orders",
    "target": "targets",
    "reason": "reasons",
    "type": "types",
    "state": "states",
}
_TYPES = frozenset(each.value for each in CommandType) - {verb.command_type.value for verb in Verb}

Value = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Values = Annotated[tuple[Value, ...], Field(max_length=VALUES_MAX)]


class Given(BaseModel):
    """A JSON object of a body; an unknown member is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Raises `Refusal`."""
        try:
            return cls.model_validate_json(body or b"{}")
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:5])
            raise Refusal("body-invalid", found) from None


class Said(Given):
    """Who decides and why: kept with the decision. `who`: where the token has no name of its own."""

    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WHY_CHARS_MAX)]
    who: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WHO_CHARS_MAX)] | None = None


class Chosen(Given):
    """Which dead letters, as `Selection`. `all`: said in so many words, where nothing narrows it."""

    ids: Values = ()
    orders: Values = ()
    targets: Values = ()
    reasons: Values = ()
    types: Values = ()
    states: Values = ()
    since: Value | None = None
    until: Value | None = None
    all: bool = False


class Asked(Said):
    """A decision about many. `confirm`: what the rehearsal of exactly these gave; demanded to do it."""

    selection: Chosen
    dry_run: bool = True
    confirm: Value | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of what matches."""

    selection: Selection
    limit: int
    cursor: str | None


def listed(query: MultiMapping[str], now: datetime, *, of_decisions: bool = False) -> Listed:
    """Of `GET /deadletters` or, where `of_decisions`, of its audit. Raises `Refusal`."""
    filters = {name: member for name, member in FILTERS.items() if not (of_decisions and name == "state")}
    _check_names(query, (*filters, "since", "until", "limit", "cursor"))
    several = {member: tuple(query.getall(name, [])) for name, member in filters.items()}
    states = _listed_states(several.pop("states", ()))
    chosen = {**several, "since": query.get("since"), "until": query.get("until")}
    try:
        return Listed(_selection(chosen, states, now), _limit(query.get("limit")), query.get("cursor"))
    except ValueError as error:
        raise Refusal("query-invalid", str(error)) from None


def chosen(asked: Chosen, now: datetime) -> Selection:
    """Of a decision about many. Raises `Refusal`."""
    given = asked.model_dump()
    is_all, states = given.pop("all"), given.pop("states")
    try:
        selection = _selection(given, _open_states(states), now)
    except ValueError as error:
        raise Refusal("body-invalid", f"selection: {error}") from None
    if not selection.is_narrowed and not states and not is_all:
        raise Refusal("body-invalid", 'selection: say which: by ids, targets, orders, …, or "all": true')
    return selection


def _check_names(query: MultiMapping[str], known: Sequence[str]) -> None:
    for name in query:
        if name not in known:
            raise Refusal("query-invalid", f"no parameter is called {name}: {', '.join(known)}")
        if name not in FILTERS and len(query.getall(name)) > 1:
            raise Refusal("query-invalid", f"{name} may be given once")


def _selection(given: Mapping[str, Any], states: frozenset[State], now: datetime) -> Selection:
    """Raises `ValueError`."""
    if unknown := sorted(set(given["types"]) - _TYPES):
        raise ValueError(f"no command is of the type {unknown[0]}: {', '.join(sorted(_TYPES))}")
    since, until = (None if given[end] is None else moment(given[end], now) for end in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise ValueError("until is not later than since")
    several = {name: frozenset(given[name]) for name in ("ids", "orders", "targets", "reasons", "types")}
    return Selection(**several, states=states, since=since, until=until)


def _listed_states(given: Sequence[str]) -> frozenset[State]:
    """Empty: whatever the state."""
    if tuple(given) == (ANY,):
        return frozenset()
    try:
        return _states(given) or OPEN
    except ValueError as error:
        raise Refusal("query-invalid", str(error)) from None


def _states(given: Sequence[str]) -> frozenset[State]:
    """Raises `ValueError`."""
    if unknown := sorted(set(given) - {state.value for state in State}):
        raise ValueError(f"no state is called {unknown[0]}: {', '.join(State)}, or {ANY} alone in a list")
    return frozenset(map(State, given))


def _open_states(given: Sequence[str]) -> frozenset[State]:
    """Raises `ValueError`."""
    wanted = _states(given) or OPEN
    if ended := sorted(wanted - OPEN):
        raise ValueError(f"nothing can be decided about what is {', '.join(ended)}")
    return wanted


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= LIMIT_MAX):
        raise ValueError(f"limit: from 1 to {LIMIT_MAX}")
    return int(text)
