"""What the demo's senders add to a request, each checked by another hand, and what nobody can make up."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from streams.demo import catalogue
from streams.demo.platforms import PLATFORMS, apicbase, duda, selldone, webshop
from streams.demo.sign import sign
from streams.demo.webhook import APICBASE, DUDA, QUICKBUTIK, SELLDONE, SOURCES, WEBSHOP, Kind, Request, Signed, Webhook

AT = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRETS = dict.fromkeys(SOURCES, b"0123456789abcdef")


def sample(source: str) -> Request:
    return PLATFORMS[source].sample(Random(1), 7, AT)


def signed(source: str, kind: Kind = Kind.ORDER, request: Request | None = None) -> Signed:
    return sign(Webhook(0, source, kind, request or sample(source)), SECRETS, 1_700_000_000_123)


def test_amounts_are_exact_in_the_body() -> None:
    """What is written is the shortest number that reads back as the same cents, or a text of the same digits."""
    for cents in range(0, 300_000, 7):
        assert Decimal(cents) / 100 == Decimal(json.dumps(catalogue.units(cents))) == Decimal(catalogue.money(cents))


def test_a_duda_body_verifies_as_the_vendor_says() -> None:
    """base64 of HMAC-SHA256 over timestamp, dot, body; checked against the vendor's own example."""
    body = b"{'key1':'world','key2':'world'}"
    assert "+DCfT1wIMUiaZnlZB4u59/d5wkXKA89lv67Ov66vnyc=" == duda.signature(body, "1570350275357", b"mysecretsecret")


def test_a_duda_webhook_carries_its_signature() -> None:
    """Header names and the milliseconds of the timestamp are part of what ingest checks."""
    digest = hmac.new(SECRETS[DUDA], b"1700000000123." + sample(DUDA).body, hashlib.sha256).digest()
    headers = signed(DUDA).headers
    assert base64.b64encode(digest).decode() == headers["x-duda-signature"]
    assert "1700000000123" == headers["x-duda-signature-timestamp"]


def test_a_selldone_webhook_carries_its_token() -> None:
    """Selldone does not sign: a token in a header is what there is."""
    assert SECRETS[SELLDONE].decode() == signed(SELLDONE).headers[selldone.TOKEN_HEADER]


def test_a_ping_carries_its_token_in_the_query() -> None:
    """Quickbutik lets one write a URL, and nothing else."""
    assert (("token", SECRETS[QUICKBUTIK].decode()),) == signed(QUICKBUTIK).query


def test_apicbase_signs_the_raw_bytes_or_their_dump() -> None:
    """The seed's text says one, its example does the other: a run has both."""
    ways = Counter(_way_of_signing(Request(b'{"a": "%d","b":"\xc3\xa9"}' % number)) for number in range(20))
    assert {"raw", "dump"} == ways.keys()


def _way_of_signing(request: Request) -> str:
    dump = json.dumps(json.loads(request.body)).encode()
    ways = {"raw": request.body, "dump": dump}
    macs = {hmac.new(SECRETS[APICBASE], text, "sha256").hexdigest(): way for way, text in ways.items()}
    return macs[signed(APICBASE, request=request).headers[apicbase.SIGNATURE]]


def test_a_standard_webhook_verifies_as_the_specification_says() -> None:
    """Checked against the example of the Standard Webhooks specification's reference libraries."""
    secret = b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    mac = base64.b64encode(
        hmac.digest(base64.b64decode(secret), b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}', "sha256")
    )
    assert b"g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == mac
    request = Request(b'{"test": 2432232314}')
    headers = webshop.sign(request, secret, 1614265330_000).headers
    text = f"{headers['webhook-id']}.1614265330.".encode() + request.body
    wanted = base64.b64encode(hmac.digest(base64.b64decode(secret), text, "sha256")).decode()
    assert f"v1,{wanted}" == headers["webhook-signature"]


def test_the_same_webhook_sent_again_has_the_same_id() -> None:
    """A sender's retry bears the `webhook-id` of the first attempt."""
    assert signed(WEBSHOP).headers["webhook-id"] == signed(WEBSHOP, Kind.REPEAT).headers["webhook-id"]


@pytest.mark.parametrize("source", SOURCES)
def test_hostile_webhooks_do_not_carry_the_secret(source: str) -> None:
    """An unsigned one has no credentials; a forged one has others, of the same shape."""
    good, forged, bare = (signed(source, kind) for kind in (Kind.ORDER, Kind.FORGED, Kind.UNSIGNED))
    assert Counter(good.headers.keys()) == Counter(forged.headers.keys())
    assert len(good.query) == len(forged.query)
    assert good != forged
    assert Signed({"content-type": sample(source).content_type}) == bare
