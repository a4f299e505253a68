"""What an IP address is: public, of a private kind, or one that nothing of ours may be connected to. Pure.

Sources: the IANA special-purpose registries (RFC 6890), and the clouds' pages on their metadata services.
"""

from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Kind(StrEnum):
    """From harmless to never: of two that fit, the later one counts."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    SHARED = "carrier-grade NAT"
    RESERVED = "reserved"
    BROADCAST = "broadcast"
    MULTICAST = "multicast"
    UNSPECIFIED = "unspecified"
    LINK_LOCAL = "link-local"
    METADATA = "cloud metadata"


_SEVERITY = {kind: number for number, kind in enumerate(Kind)}
# No setting opens these.
NEVER = frozenset((Kind.BROADCAST, Kind.MULTICAST, Kind.UNSPECIFIED, Kind.LINK_LOCAL, Kind.METADATA))

_RANGES: dict[Kind, str] = {
    Kind.LOOPBACK: "127.0.0.0/8 ::1",
    Kind.PRIVATE: "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10",
    Kind.SHARED: "100.64.0.0/10",
    Kind.RESERVED: "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 "
    "2001::/23 2001:db8::/32 3fff::/20",
    Kind.BROADCAST: "255.255.255.255",
    Kind.MULTICAST: "224.0.0.0/4 ff00::/8",
    Kind.UNSPECIFIED: "0.0.0.0/8 ::",
    Kind.LINK_LOCAL: "169.254.0.0/16 fe80::/10",
    # AWS, Azure and Google (link-local, too), Alibaba, Azure's wire server, Oracle, Google over IPv6, Scaleway.
    Kind.METADATA: "169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.192 "
    "fd00:ec2::/32 fd00:c1::a9fe:a9fe fd20:ce::254 fd00:42::42",
}
_TABLE: tuple[tuple[Network, Kind], ...] = tuple(
    (ip_network(text), kind) for kind, texts in _RANGES.items() for text in texts.split()
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MAPPED, _NAT64 = IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR, _TEREDO = IPv6Network("2002::/16"), IPv6Network("2001::/32")
# Compatible (RFC 4291), translated (RFC 2765), local NAT64 (RFC 8215): an IPv4 address at the end, as in the two above.
_ENDING = (_MAPPED, _NAT64, IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("64:ff9b:1::/48"))
_ISATAP = frozenset((0x0000_5EFE, 0x0200_5EFE))


def kind_of(address: Address) -> Kind:
    """The gravest of what it is, and of what the IPv4 addresses are that it carries."""
    kinds = [kind for network, kind in _TABLE if address.version == network.version and address in network]
    if isinstance(address, IPv6Address):
        if not kinds and not any(address in network for network in (_GLOBAL_UNICAST, _MAPPED, _NAT64)):
            kinds.append(Kind.RESERVED)
        kinds += [_through(address, kind_of(each)) for each in carried(address)]
    return max(kinds, key=_SEVERITY.__getitem__, default=Kind.PUBLIC)


def _through(address: IPv6Address, kind: Kind) -> Kind:
    """This machine's address at the other end of a gateway is not this machine."""
    return Kind.RESERVED if kind is Kind.LOOPBACK and address not in _MAPPED else kind


def carried(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses in it: where a gateway, a tunnel or the system itself would really connect to."""
    number = int(address)
    if any(address in network for network in _ENDING) and number > 1:
        yield IPv4Address(number & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & 0xFFFF_FFFF)
    if address in _TEREDO:
        yield IPv4Address(number >> 64 & 0xFFFF_FFFF)
        yield IPv4Address(~number & 0xFFFF_FFFF)
    if number >> 32 & 0xFFFF_FFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFF_FFFF)


def literal(host: str) -> Address | None:
    """The address that `host` is, with or without brackets and zone; None for a name."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether `host` says by itself that it is this machine: `localhost`, 127.0.0.1, ::1 and the like."""
    address = literal(host)
    return host.lower().rstrip(".") == "localhost" if address is None else kind_of(address) is Kind.LOOPBACK


def is_allowed(kind: Kind, *, says_loopback: bool, allow_private: bool) -> bool:
    """Whether an address of this kind may be connected to; `says_loopback`: the URL's host did, see `is_loopback`."""
    if kind in NEVER:
        return False
    return kind is Kind.PUBLIC or (kind is Kind.LOOPBACK and says_loopback) or allow_private
