"""What a poller shows an API that is not of the authorization-code grant: the same things as to a target."""

from datetime import UTC, datetime

import aiohttp
import pytest

from connectors.pollers.credentials import credentials_of
from connectors.pollers.position import TokenChain
from streams.settings import SettingsError
from streams.settings.auth import PollOAuth2Refresh, TargetBearer
from streams.settings.poll import Poll

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def keep(tokens: TokenChain | None) -> None:
    """Nothing of these is to be kept."""
    raise AssertionError


async def test_a_fixed_token_is_read_again_after_it_was_refused() -> None:
    """A token that was changed where it lies needs no restart; one that was not needs no second request."""
    environ = {"TOKEN": "old"}
    poll = Poll(base_url="http://127.0.0.1:9", auth=TargetBearer(scheme="bearer", token="env:TOKEN"))
    made = credentials_of(poll, environ, None, lambda: NOW)
    async with aiohttp.ClientSession() as session:
        assert await made.header(session, keep) == "Bearer old"
        assert await made.renewed(session, "Bearer old", keep) is None
        environ["TOKEN"] = "new"
        assert await made.renewed(session, "Bearer old", keep) == "Bearer new"
        assert made.secrets == {"new"}


@pytest.mark.parametrize("missing", ["SECRET", "REFRESH"])
def test_a_missing_secret_is_told_by_its_name(missing: str) -> None:
    """And by nothing else: the value of the other one is none of the log's business."""
    auth = PollOAuth2Refresh(
        scheme="oauth2-refresh",
        token_url="http://127.0.0.1:9/",
        client_id="id",
        client_secret="env:SECRET",
        refresh_token="env:REFRESH",
    )
    environ = {"SECRET": "secret-value", "REFRESH": "refresh-value"}
    del environ[missing]
    with pytest.raises(SettingsError) as error:
        credentials_of(Poll(base_url="http://127.0.0.1:9", auth=auth), environ, None, lambda: NOW)
    assert (missing in str(error.value), "-value" in str(error.value)) == (True, False)
