"""The pages about authentication: their settings load, and their commands do what they say."""

import asyncio
import base64
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streams import topics
from streams.settings import load
from tests.ingest.support import running
from tests.kafka import SHARED_PARTITIONS, create_topics, read_committed

DOCS = Path(__file__).parents[2] / "docs"
WHSEC = "whsec_" + base64.b64encode(b"thirty-two bytes of a test secret").decode()
# Page → the variable with its secret, a secret, and the key under which its order lies.
PAGES = {
    "platforms/standard-webhooks.md": ("ACME_WEBHOOK_SECRET", WHSEC, "acme:1001"),
    "platforms/generic-hmac.md": ("SHOP_WEBHOOK_SECRET", "a plain secret & more", "shop:1001"),
    "authentication.md": ("COMMERCEOS_SECRET", "odd: secret/with+signs", "commerceos:1001"),
}
needs_tools = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("curl", "openssl", "od")), reason="curl, openssl or od is not here"
)


def block(page: str, kind: str) -> str:
    """The first fenced block of this kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, (page, kind)
    return found[1]


def shell(commands: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """As a reader would paste them, with `orderlog` on the path."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOG")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-ec", commands],
        cwd=folder,
        env={**clean, "PATH": path, "NO_COLOR": "1", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


@needs_tools
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_does_what_it_says(kafka: str, tmp_path: Path, page: str) -> None:
    """Its settings load, its commands send a webhook that is stored under the key it names, and `verify` says OK."""
    variable, secret, key = PAGES[page]
    environ = {variable: secret}
    file = tmp_path / "orderlog.toml"
    file.write_text(f'[kafka]\nbootstrap = "{kafka}"\n[ingest]\nport = 0\n{block(page, "toml")}')
    settings = load(file, {})
    topic = topics.webhooks(settings.sources[0].name)
    create_topics(kafka, [topic], SHARED_PARTITIONS)
    async with running(settings, environ, with_topics=False) as up:
        done = await asyncio.to_thread(shell, block(page, "sh"), tmp_path, ORDERLOG_URL=up.base, **environ)
        verified = None
        if "```sh verify" in (DOCS / page).read_text():
            verified = await asyncio.to_thread(shell, block(page, "sh verify"), tmp_path, **environ)
    assert done.returncode == 0, done.stderr
    receipt = re.search(r'\{"status":"accepted","receipt":"(\w+)"\}', done.stdout)
    assert receipt is not None, done.stdout
    records = {record.header("ce_id"): record for record in read_committed(kafka, topic)}
    assert records[receipt[1].encode()].key == key.encode()
    if verified is not None:
        assert (verified.returncode, verified.stderr) == (0, "")
        assert f"OK: ingest would answer 200 (signed or sent with secrets[0] (env:{variable}))" in verified.stdout
        assert f"order key  {key}" in verified.stdout


def test_the_verdict_that_the_page_shows_is_the_real_one(tmp_path: Path) -> None:
    """The example of `orderlog verify` is what it prints for the seed's payload under a base64 key."""
    body = (Path(__file__).parents[1] / "payloads" / "duda" / "order-created.json").read_bytes()
    stamp = "1772366405000"
    mac = hmac.new(b"a secret", stamp.encode() + b"." + body, hashlib.sha256).digest()
    (tmp_path / "body").write_bytes(body)
    signed = f"x-duda-signature: {base64.b64encode(mac).decode()}\nx-duda-signature-timestamp: {stamp}\n"
    (tmp_path / "headers").write_text(signed)
    auth = '{ scheme = "duda-hmac", secrets = ["env:DUDA_SECRET"] }'
    (tmp_path / "orderlog.toml").write_text(f'[[sources]]\nname = "duda"\nplatform = "duda"\nauth = {auth}\n')
    command = "orderlog verify duda --headers headers --body body --at 2026-03-01T12:00:05Z"
    done = shell(command, tmp_path, DUDA_SECRET=base64.b64encode(b"a secret").decode())
    assert done.returncode == 1
    shown = [
        found[1] for found in re.finditer(r"^```text\n(.*?)^```", (DOCS / "authentication.md").read_text(), re.S | re.M)
    ]
    assert done.stdout in shown
