"""Every platform's case for the contract suite: how to do to its payloads what every platform must survive."""

from tests.streams.platforms.case import Case
from tests.streams.platforms.case_apicbase import APICBASE
from tests.streams.platforms.case_commerceos import COMMERCEOS_ORDER, COMMERCEOS_SHIPMENT, COMMERCEOS_STATUS
from tests.streams.platforms.case_duda import DUDA
from tests.streams.platforms.case_external_system import EXTERNAL_SYSTEM
from tests.streams.platforms.case_mapping import MAPPING
from tests.streams.platforms.case_quickbutik import QUICKBUTIK_ORDER, QUICKBUTIK_PING
from tests.streams.platforms.case_selldone import SELLDONE

CASES: tuple[Case, ...] = (
    APICBASE,
    DUDA,
    SELLDONE,
    QUICKBUTIK_ORDER,
    QUICKBUTIK_PING,
    *(COMMERCEOS_ORDER, COMMERCEOS_STATUS, COMMERCEOS_SHIPMENT),
    EXTERNAL_SYSTEM,
    MAPPING,
)
