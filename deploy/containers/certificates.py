"""Certificates of a server until the organisation brings its own: a small authority and one certificate."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.containers.state import write
from shared.kit import clock

AUTHORITY_DAYS, SERVER_DAYS = 3650, 397
AUTHORITY = "Quntuan local authority"
Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    def save(self, certificate: Path, key: Path) -> None:
        write(key, _pem(self.key))
        write(certificate, self.certificate.public_bytes(serialization.Encoding.PEM).decode())


def ensure(authority: Path, folder: Path, names: Sequence[str], *, name: str = "server") -> None:
    """`folder/<name>.crt` and `.key` for these names, the authority's beside them; kept if there."""
    root = _authority(authority)
    root_text = root.certificate.public_bytes(serialization.Encoding.PEM).decode()
    if not (folder / "ca.crt").exists():
        write(folder / "ca.crt", root_text)
    if not (folder / f"{name}.crt").exists():
        issue(root, names).save(folder / f"{name}.crt", folder / f"{name}.key")


def renew(authority: Path, folder: Path, names: Sequence[str]) -> bool:
    """A new pair of the same authority for the one that ends; False: an organisation's own is left alone."""
    old = x509.load_pem_x509_certificate((folder / "server.crt").read_bytes())
    if old.issuer != _name(AUTHORITY):
        return False
    issue(_authority(authority), names).save(folder / "server.crt", folder / "server.key")
    return True


def _authority(folder: Path) -> Pair:
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if certificate.exists():
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return Pair(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)
    made = ec.generate_private_key(ec.SECP256R1())
    name = _name(AUTHORITY)
    builder = _builder(name, name, made, AUTHORITY_DAYS).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    pair = Pair(builder.sign(made, hashes.SHA256()), made)
    pair.save(certificate, key)
    return pair


def issue(authority: Pair, names: Sequence[str]) -> Pair:
    """A server's certificate; browsers take none that is valid longer."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(names[0]), authority.certificate.subject, key, SERVER_DAYS)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False
    )
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, days: int) -> x509.CertificateBuilder:
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # clocks of two sites differ
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: Key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
