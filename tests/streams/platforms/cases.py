"""Every platform's case for the contract suite: how to do to its payloads what every platform must survive."""

from tests.streams.platforms.case import Case
from tests.streams.platforms.case_apicbase import APICBASE
from tests.streams.platforms.case_duda import DUDA
from tests.streams.platforms.case_quickbutik import QUICKBUTIK_ORDER, QUICKBUTIK_PING
from tests.streams.platforms.case_selldone import SELLDONE

CASES: tuple[Case, ...] = (APICBASE, DUDA, SELLDONE, QUICKBUTIK_ORDER, QUICKBUTIK_PING)
