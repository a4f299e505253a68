"""Certificates made for a test: an authority, and what it vouches for."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path, name: str) -> tuple[str, str]:
        """Both as files; their references."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.certificate)
        key.write_bytes(self.key)
        return f"file:{certificate}", f"file:{key}"


@dataclass
class Authority:
    """`issue` makes certificates for names, addresses or clients."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    own: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.own = (
            self._builder(self.name, self.key).add_extension(basic, critical=True).sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self.own.public_bytes(serialization.Encoding.PEM)

    def issue(self, name: str, *, client: bool = False) -> Pair:
        key = _key()
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        certificate = (
            self._builder(name, key)
            .add_extension(x509.SubjectAlternativeName([_general(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        written = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), written)

    def server(self, folder: Path, name: str, clients: "Authority | None" = None) -> ssl.SSLContext:
        """For a server of that name; with `clients` it wants a certificate that those have issued."""
        certificate, key = self.issue(name).write(folder, f"server-{name}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.removeprefix("file:"), key.removeprefix("file:"))
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem.decode())
        return context

    def write(self, folder: Path) -> str:
        file = folder / f"{self.name}.ca.pem"
        file.write_bytes(self.pem)
        return f"file:{file}"

    def _builder(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
        )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
