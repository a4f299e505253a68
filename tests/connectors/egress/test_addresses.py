"""Invariant: no spelling of an address that is never connected to, and no wrapping of it, is anything else."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings.addresses import NEVER, Kind, is_allowed, is_loopback, kind_of, literal

NEVER_V4 = ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "100.100.100.200/32")
NOT_PUBLIC_V4 = (*NEVER_V4, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8")
# Where Python's own table and ours differ, and ours is the stricter.
STRICTER = ("224.0.0.0/4", "168.63.129.16/32", "192.88.99.0/24", "192.0.0.0/24")


def within(networks: tuple[str, ...]) -> st.SearchStrategy[IPv4Address]:
    """Addresses of these, their first and last ones often."""
    return st.sampled_from([IPv4Network(text) for text in networks]).flatmap(
        lambda net: st.one_of(
            st.sampled_from([net[0], net[-1]]), st.integers(int(net[0]), int(net[-1])).map(IPv4Address)
        )
    )


def wrapped(address: IPv4Address, how: int) -> IPv6Address:
    """Every way in which IPv6 carries an IPv4 address."""
    number = int(address)
    return (
        IPv6Address(0xFFFF << 32 | number),  # mapped
        IPv6Address(0xFFFF << 48 | number),  # translated
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),  # NAT64
        IPv6Address(int(IPv6Address("64:ff9b:1:7::")) | number),  # local NAT64
        IPv6Address(0x2002 << 112 | number << 80 | 1),  # 6to4
        IPv6Address(0x2001_0000 << 96 | number << 64 | 0xFFFF),  # Teredo's server
        IPv6Address(int(IPv6Address("2001:0:808:808::")) | number ^ 0xFFFF_FFFF),  # Teredo's client
        IPv6Address(int(IPv6Address("2606:4700::5efe:0:0")) | number),  # ISATAP
        IPv6Address(int(IPv6Address("2606:4700::200:5efe:0:0")) | number),
    )[how]


@given(within(NEVER_V4), st.integers(0, 8))
def test_what_is_never_connected_to_is_not_either_when_wrapped(address: IPv4Address, how: int) -> None:
    """A gateway on the way would unwrap it and give out the credentials of the machine."""
    assert kind_of(address) in NEVER
    assert kind_of(wrapped(address, how)) in NEVER


@given(within(NOT_PUBLIC_V4), st.integers(0, 8))
def test_what_is_not_public_is_not_either_when_wrapped(address: IPv4Address, how: int) -> None:
    """A private service must not be reached by another spelling of its address."""
    assert kind_of(wrapped(address, how)) is not Kind.PUBLIC


@given(st.integers(0, 8), within(("127.0.0.0/8",)))
def test_only_the_mapped_form_of_loopback_is_loopback(how: int, address: IPv4Address) -> None:
    """Loopback behind a gateway is the gateway's, and `localhost` does not mean it."""
    assert (kind_of(wrapped(address, how)) is Kind.LOOPBACK) == (how == 0)


@given(st.one_of(st.integers(0, 2**32 - 1).map(IPv4Address), within((*NOT_PUBLIC_V4, *STRICTER, "240.0.0.0/4"))))
def test_ipv4_is_public_where_the_registry_says_so(address: IPv4Address) -> None:
    """Another reading of IANA's registry, Python's, finds the same."""
    strict = any(address in IPv4Network(text) for text in STRICTER)
    assert (address.is_global and not strict) == (kind_of(address) is Kind.PUBLIC)


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_ipv6_outside_global_unicast_is_never_public(address: IPv6Address) -> None:
    """What is not assigned today may be some network's own tomorrow."""
    carries = any(address in IPv6Network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96"))
    assert kind_of(address) is not Kind.PUBLIC or carries or address in IPv6Network("2000::/3")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("8.8.8.8", Kind.PUBLIC),
        ("2606:4700::1111", Kind.PUBLIC),
        ("::ffff:8.8.8.8", Kind.PUBLIC),
        ("64:ff9b::8.8.8.8", Kind.PUBLIC),
        ("2002:808:808::1", Kind.PUBLIC),
        ("127.0.0.1", Kind.LOOPBACK),
        ("::1", Kind.LOOPBACK),
        ("::ffff:127.0.0.1", Kind.LOOPBACK),
        ("10.0.0.1", Kind.PRIVATE),
        ("172.31.255.255", Kind.PRIVATE),
        ("172.32.0.0", Kind.PUBLIC),
        ("192.168.1.1", Kind.PRIVATE),
        ("fd12:3456::1", Kind.PRIVATE),
        ("fec0::1", Kind.PRIVATE),
        ("100.64.0.1", Kind.SHARED),
        ("192.0.2.1", Kind.RESERVED),
        ("240.0.0.1", Kind.RESERVED),
        ("2001:db8::1", Kind.RESERVED),
        ("::127.0.0.1", Kind.RESERVED),
        ("64:ff9b:1::8.8.8.8", Kind.RESERVED),
        ("4000::1", Kind.RESERVED),
        ("255.255.255.255", Kind.BROADCAST),
        ("224.0.0.1", Kind.MULTICAST),
        ("ff02::1", Kind.MULTICAST),
        ("0.0.0.0", Kind.UNSPECIFIED),
        ("::", Kind.UNSPECIFIED),
        ("::ffff:0.0.0.0", Kind.UNSPECIFIED),
        ("169.254.0.1", Kind.LINK_LOCAL),
        ("fe80::1", Kind.LINK_LOCAL),
        ("fe80::1%eth0", Kind.LINK_LOCAL),
        ("169.254.169.254", Kind.METADATA),
        ("::ffff:169.254.169.254", Kind.METADATA),
        ("64:ff9b::a9fe:a9fe", Kind.METADATA),
        ("2002:a9fe:a9fe::1", Kind.METADATA),
        ("fd00:ec2::254", Kind.METADATA),
        ("100.100.100.200", Kind.METADATA),
        ("168.63.129.16", Kind.METADATA),
        ("fd20:ce::254", Kind.METADATA),
    ],
)
def test_the_kind_of_an_address(text: str, kind: Kind) -> None:
    """Each row of the table, and its edges."""
    assert kind_of(ip_address(text)) is kind


@pytest.mark.parametrize("kind", Kind)
def test_what_the_settings_open(kind: Kind) -> None:
    """`allow_private` opens every network of one's own and nothing that is never right; loopback opens loopback."""
    allowed = [
        is_allowed(kind, says_loopback=says, allow_private=private)
        for says, private in ((False, False), (True, False), (False, True))
    ]
    assert allowed == [kind is Kind.PUBLIC, kind in (Kind.PUBLIC, Kind.LOOPBACK), kind not in NEVER]


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_who_says_loopback(host: str, says: bool) -> None:
    """A spelling that only the system's resolver understands says nothing."""
    assert is_loopback(host) is says


def test_a_name_is_no_literal() -> None:
    """It is judged by what it leads to."""
    assert [literal(text) for text in ("example.com", "[::1]", "fe80::1%eth0")] == [
        None,
        IPv6Address("::1"),
        IPv6Address("fe80::1%eth0"),
    ]
