"""One contract for every auth scheme, run over the platforms' own examples (cases.py): the same questions to each."""

import time
from typing import get_args

import pytest
from pydantic import TypeAdapter

from ingest.auth import AuthError, Presented, verifier_of
from ingest.problems import PROBLEMS
from streams.settings import Settings
from streams.settings.auth import NoAuth, SourceAuth
from tests.ingest.auth.cases import BELIEVED, CASES, ENVIRON, SECRETS, SOURCE, Case
from tests.ingest.support import running, session
from tests.kafka import unique_name

NOW_S = 1_700_000_000.0
every_scheme = pytest.mark.parametrize("name", CASES)


def outcome(case: Case, presented: Presented, now_s: float = NOW_S) -> str:
    """`believed`, or the reason of the refusal."""
    scheme: SourceAuth = TypeAdapter(SourceAuth).validate_python(case.auth)
    try:
        verifier_of(scheme, ENVIRON, SOURCE).check(presented, now_s)
    except AuthError as error:
        return error.reason
    return BELIEVED


def sent(case: Case, secret: str = "NEW", at_s: float = NOW_S) -> Presented:
    return case.sign(SECRETS[secret], case.body, at_s)


def test_every_scheme_has_a_case() -> None:
    """A scheme that is added without its case fails here."""
    union = get_args(SourceAuth)[0]
    schemes = {get_args(member.model_fields["scheme"].annotation)[0] for member in get_args(union)}
    assert schemes - {case.auth["scheme"] for case in CASES.values()} == {"none"}
    assert NoAuth in get_args(union)


@every_scheme
@pytest.mark.parametrize("secret", ["NEW", "OLD"])
def test_right_under_either_secret(name: str, secret: str) -> None:
    """While a secret is rotated the first and the second one both count."""
    case = CASES[name]
    assert outcome(case, sent(case, secret)) == BELIEVED


@every_scheme
def test_other_secret(name: str) -> None:
    """Who does not know a secret is not believed, however well-formed the proof."""
    case = CASES[name]
    assert outcome(case, sent(case, "OTHER")) == case.words["other secret"]


@every_scheme
def test_retired_secret(name: str) -> None:
    """The rotation ends when the old secret leaves the settings."""
    case = CASES[name]
    after = Case(**{**vars(case), "auth": {**case.auth, "secrets": case.auth["secrets"][:1]}})
    assert outcome(after, sent(case, "NEW")) == BELIEVED
    assert outcome(after, sent(case, "OLD")) == case.words["other secret"]


@every_scheme
def test_missing_and_empty(name: str) -> None:
    """No proof is no reason to skip the check."""
    case = CASES[name]
    assert outcome(case, case.edited(sent(case), lambda values: [])) == case.words["missing"]
    assert outcome(case, case.edited(sent(case), lambda values: [""])) == case.words["empty"]
    assert outcome(case, Presented(case.body)) == case.words["missing"]


@every_scheme
def test_rubbish(name: str) -> None:
    """What cannot be the proof is refused as that, and raises nothing else."""
    case = CASES[name]
    assert outcome(case, case.edited(sent(case), lambda values: ["rübbish"])) == case.words["rubbish"]


@every_scheme
def test_other_encoding(name: str) -> None:
    """hex for base64 and the like: the right bytes in the wrong letters do not count by luck."""
    case = CASES[name]
    presented = case.edited(sent(case), lambda values: [case.elsewise(value) for value in values])
    assert outcome(case, presented) == case.words["other encoding"]


@every_scheme
def test_repeated(name: str) -> None:
    """Two values of one header: of a signature neither counts, of a plain token one right one is enough."""
    case = CASES[name]
    assert outcome(case, case.edited(sent(case), lambda values: [*values, *values])) == case.words["repeated"]


@every_scheme
def test_a_wrong_value_before_the_right_one(name: str) -> None:
    """Whoever can add a header cannot have a proxy check one and us another."""
    case = CASES[name]
    before = sent(case, "OTHER")
    wrong = before.headers.get(case.proof) or before.query.get(case.proof) or [before.path_token or ""]
    reason = outcome(case, case.edited(sent(case), lambda values: [*wrong, *values]))
    assert reason == case.words["repeated"]


@every_scheme
def test_other_body(name: str) -> None:
    """A signature covers every byte; what only travels says nothing of the body, and the docs say so."""
    case = CASES[name]
    presented = sent(case)
    changed = Presented(presented.body + b" ", presented.headers, presented.query, presented.path_token)
    expected = case.words["other body"]
    if name == "apicbase-redump":  # white space is not part of that signature: a value is
        changed = Presented(b'{"id": "2"}', presented.headers)
    assert outcome(case, changed) == expected


@every_scheme
@pytest.mark.parametrize("side", [-1, 1])
def test_old_and_future(name: str, side: int) -> None:
    """One second within the tolerance and one beyond, on either side; without a time nothing is ever old."""
    case = CASES[name]
    inside, outside = side * (case.tolerance_s - 1), side * (case.tolerance_s + 1)
    assert outcome(case, sent(case, at_s=NOW_S + inside)) == BELIEVED
    assert outcome(case, sent(case, at_s=NOW_S + outside)) == case.words["old" if side < 0 else "future"]


@every_scheme
def test_replayed_late(name: str) -> None:
    """A recorded request is stale once the tolerance has passed, where the scheme has a time at all."""
    case = CASES[name]
    recorded = sent(case)
    assert outcome(case, recorded, NOW_S + case.tolerance_s - 1) == BELIEVED
    assert outcome(case, recorded, NOW_S + case.tolerance_s + 1) == case.words["old"]


@every_scheme
def test_every_refusal_is_in_the_table_of_answers(name: str) -> None:
    """A reason without an answer would be a 500."""
    assert set(CASES[name].words.values()) - {BELIEVED} <= set(PROBLEMS)


async def test_replayed_in_time_is_stored_again(kafka: str) -> None:
    """The same request twice is two 200s and two records: that is how every platform's retry looks.

    A retry bears the first attempt's signature and time. Were it refused, the retry of a webhook whose 200 was lost on
    the way would count as failed for good, and one that was never stored would be lost. What the second record states
    is the same event, and the fold makes it once.
    """
    names = {name: SOURCE if name == "oauth2" else unique_name(name) for name in CASES}
    sources = [
        {"name": names[name], "platform": "quickbutik" if case.method == "GET" else "selldone", "auth": case.auth}
        | ({"fetch_from": "api"} if case.method == "GET" else {})
        for name, case in CASES.items()
    ]
    settings = Settings.model_validate({"kafka": {"bootstrap": kafka}, "ingest": {"port": 0}, "sources": sources})
    async with running(settings, ENVIRON) as up, session() as client:
        for name, case in CASES.items():
            presented = sent(case, at_s=time.time())
            url = f"{up.base}/webhooks/{names[name]}"
            if presented.path_token is not None:
                url = f"{url}/{presented.path_token}"
            headers = {header: values[0] for header, values in presented.headers.items()}
            query = {parameter: values[0] for parameter, values in presented.query.items()}
            answers = []
            for _ in range(2):
                options = {"data": presented.body, "headers": headers, "params": query}
                async with client.request(case.method, url, **options) as answer:  # type: ignore[arg-type]
                    answers.append(answer.status)
            assert (name, answers) == (name, [200, 200])
            records = await up.records(names[name])
            assert [record.value for record in records] == [case.body] * 2
