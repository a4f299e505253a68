"""Settings of a target: each mapping that what it is set to do needs is named with its line before anything starts."""

import re
import tomllib
from pathlib import Path

import pytest

from projections import stock
from streams.settings import SettingsError, check_targets, load
from streams.settings.commerceos import CommerceOS, Identifiers, Reconciliation, StatusPoll

TOKEN = 'auth = { scheme = "token", secrets = ["env:T"] }\n'
SHOP = f'[[sources]]\nname = "shop"\nplatform = "duda"\n{TOKEN}'
ERP = f'[[sources]]\nname = "erp"\nplatform = "commerceos"\n{TOKEN}'
MAPPED = (
    f'[[sources]]\nname = "acme"\nplatform = "mapping"\n{TOKEN}[sources.options]\nevent = "e"\norder_id = "o"\n'
    '[sources.options.order]\nsupplier = "from"\n'
)
HEAD = (
    '[[targets]]\nname = "cos"\nkind = "commerceos"\nbase_url = "https://api.example.com"\nauth = { scheme = "none" }\n'
)
IDENTIFIERS = (
    '[targets.identifiers]\norder = "com.acme.order-id"\nsku = "com.acme.sku"\ncompany = "com.acme.company-id"\n'
    'customer = "com.acme.customer-id"\nstore = "com.acme.store-id"\n'
)
MAPPING = '[targets.commerceos]\ncompany = "ACME"\nsellers = ["MAIN"]\npayment_methods = { "*" = "com.heads.card" }\n'
TARGET = HEAD + IDENTIFIERS + MAPPING
POLL = '[targets.commerceos.poll]\nsource = "erp"\n'
POLLED = '[sources.poll]\nbase_url = "https://api.example.com"\nauth = { scheme = "bearer", token = "env:T" }\n'
ALL = (
    'channel = "com.acme.channel"\nsupplier = "com.acme.supplier-id"\npayment_order = "com.acme.payment-order-id"\n'
    'shipment_order = "com.acme.shipment-order-id"\n'
)
STOCK = (
    '[[targets]]\nname = "wms"\nkind = "inventory"\nbase_url = "https://wms.example.com"\nauth = { scheme = "none" }\n'
)


def route(source: str, target: str) -> str:
    return f'[[routes]]\nfrom = ["{source}"]\nto = ["{target}"]\n'


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def mistakes(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "orderlog.toml"
    file.write_text(text)
    try:
        load(file, {})
    except SettingsError as error:
        return [str(mistake).replace(str(file), "file") for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        (HEAD + MAPPING, "[[targets]]", "targets[0].identifiers: is required: it says what is called how there"),
        (HEAD + IDENTIFIERS, "[[targets]]", "targets[0].commerceos: is required: it says what is called how there"),
        (
            TARGET.replace('kind = "commerceos"', 'kind = "external"').replace(MAPPING, ""),
            "[targets.identifiers]",
            "targets[0].identifiers: has no effect: the kind external knows no such mapping",
        ),
        (
            HEAD.replace('kind = "commerceos"', 'kind = "external"') + MAPPING,
            "[targets.commerceos]",
            "targets[0].commerceos: has no effect: the kind external knows no such mapping",
        ),
        (
            TARGET.replace('store = "com.acme.store-id"\n', ""),
            "[targets.ident",
            "targets[0].identifiers.store: is requi",
        ),
        (TARGET.replace('sellers = ["MAIN"]\n', ""), "[targets.comm", "targets[0].commerceos.sellers: is required"),
        (
            TARGET.replace('{ "*" = "com.heads.card" }', "{}"),
            "payment_methods",
            "targets[0].commerceos.payment_methods: ",
        ),
        (TARGET.replace("com.acme.sku", "sku"), "sku", "targets[0].identifiers.sku: "),
        (ERP + TARGET + POLL, "[targets.ident", "targets[0].identifiers.channel: is required: the poll asks for the"),
        (
            TARGET + "[targets.commerceos.reconcile]\n",
            "[targets.ident",
            "targets[0].identifiers.channel: is required: the orders of one source are compared by it",
        ),
        (
            ERP + POLLED + HEAD + IDENTIFIERS + ALL + MAPPING + POLL,
            'source = "erp"',
            "targets[0].commerceos.poll.source: the source erp is polled by itself already",
        ),
        (
            HEAD + "rate_per_second = 10\n" + IDENTIFIERS + MAPPING,
            "rate_per_second",
            "targets[0].rate_per_second: leaves nothing for commands: 10 of it is set aside for reading",
        ),
        (
            TARGET + 'payment_orders = "several_sellers"\n',
            "[targets.identifiers]",
            'targets[0].identifiers.payment_order: is required: payment_orders is "several_sellers"',
        ),
        (
            TARGET + 'shipments = "shipment_order"\n',
            "[targets.identifiers]",
            'targets[0].identifiers.shipment_order: is required: shipments is "shipment_order"',
        ),
        (
            MAPPED + TARGET + route("acme", "cos"),
            "[targets.identifiers]",
            "targets[0].identifiers.supplier: is required: the source acme names suppliers",
        ),
        (
            SHOP + HEAD + IDENTIFIERS + ALL + MAPPING + POLL.replace("erp", "shop"),
            'source = "shop"',
            "targets[0].commerceos.poll.source: no source of platform commerceos has the name shop; such",
        ),
        (
            ERP + 'options = { order_identifier = "com.acme.id" }\n' + HEAD + IDENTIFIERS + ALL + MAPPING + POLL,
            "options",
            "sources[0].options.order_identifier: is not identifiers.order of the target that is polled (com.",
        ),
        (
            ERP + STOCK + route("erp", "wms"),
            "to",
            "routes[0].to[0]: the target wms is told of movements of stock, and orders of erp make none",
        ),
        (
            SHOP + "tracks_stock = false\n" + STOCK + route("shop", "wms"),
            "to",
            "routes[0].to[0]: the target wms is told of movements of stock, and orders of shop make none",
        ),
    ],
)
def test_a_mapping_that_is_missing_is_told_with_its_line(tmp_path: Path, text: str, at: str, said: str) -> None:
    """Told by the API instead, it would be a dead letter for each order."""
    (found,) = mistakes(tmp_path, text)
    assert found.startswith(f"file:{line_of(text, at)}: {said}")


@pytest.mark.parametrize(
    "text",
    [
        TARGET,
        MAPPED + TARGET,
        ERP + MAPPED + HEAD + IDENTIFIERS + ALL + MAPPING + POLL + route("acme", "cos"),
        ERP + 'options = { order_identifier = "com.acme.order-id" }\n' + HEAD + IDENTIFIERS + ALL + MAPPING + POLL,
        TARGET.replace(MAPPING, ALL + MAPPING) + 'payment_orders = "always"\nshipments = "shipment_order"\n',
        SHOP + STOCK + route("shop", "wms"),
        ERP + "tracks_stock = true\n" + STOCK + route("erp", "wms"),
    ],
)
def test_what_is_whole_is_let_pass(tmp_path: Path, text: str) -> None:
    """A check that refuses what works would keep the product from starting."""
    assert mistakes(tmp_path, text) == []


@pytest.mark.parametrize("page", ["commerceos", "inventory", "quickbutik"])
def test_what_the_page_of_a_target_shows_loads(tmp_path: Path, repository: Path, page: str) -> None:
    """People copy it."""
    (shown,) = re.findall(r"```toml\n(.*?)```", (repository / f"docs/targets/{page}.md").read_text(), re.DOTALL)
    assert mistakes(tmp_path, shown) == []
    assert page in [target.kind for target in load(tmp_path / "orderlog.toml", {}).targets]


def test_the_page_of_commerceos_shows_and_explains_every_setting(repository: Path) -> None:
    """One that no page names is one that nobody finds."""
    page = (repository / "docs/targets/commerceos.md").read_text()
    tables = {name for row in page.splitlines() if row.startswith("|") for name in re.findall(r"`\.?([a-z_.]+)`", row)}
    for model in (Identifiers, CommerceOS, StatusPoll, Reconciliation):
        assert set(model.model_fields) - {name.rpartition(".")[2] for name in tables} <= {"poll", "reconcile"}
    (shown,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (target,) = tomllib.loads(shown)["targets"]
    assert set(Identifiers.model_fields) == set(target["identifiers"])
    assert set(CommerceOS.model_fields) == set(target["commerceos"])
    assert set(StatusPoll.model_fields) == set(target["commerceos"]["poll"])
    assert set(Reconciliation.model_fields) == set(target["commerceos"]["reconcile"])


def test_the_example_has_a_target_of_each_kind(tmp_path: Path, repository: Path) -> None:
    """Commented out or not: what newcomers copy is where they look for what there is."""
    example = (repository / "orderlog.example.toml").read_text()
    assert mistakes(tmp_path, re.sub(r'^# (?=\[|"?[\w.]+"? = )', "", example, flags=re.MULTILINE)) == []
    found = load(tmp_path / "orderlog.toml", {}).targets
    assert {target.kind for target in found} == {"commerceos", "external", "inventory", "quickbutik"}


def test_the_check_and_the_fold_agree_whose_orders_move_the_stock() -> None:
    """Else a route would be refused that works, or let pass that moves nothing."""
    assert check_targets.TRACKED_PLATFORMS == stock.TRACKED_PLATFORMS
