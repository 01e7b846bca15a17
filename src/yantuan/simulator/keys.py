"""RSA keys and certificates as WeChat Pay v3 uses them."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

KEY_BITS = 2048
CERTIFICATE_YEARS = 5


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A private key with its self-signed certificate; `serial` is 40 upper-case hex digits."""

    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    serial: str


def new_private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def new_certified_key(common_name: str, organisation: str) -> CertifiedKey:
    """Make a key and a self-signed X.509 certificate valid for five years from yesterday."""
    private_key = new_private_key()
    # The first byte is kept in 1..127: the number is positive and always prints as 40 hex digits.
    number = int.from_bytes(bytes([0x10 + secrets.randbelow(0x60)]) + secrets.token_bytes(19), "big")
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(number)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * CERTIFICATE_YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    return CertifiedKey(private_key, certificate, f"{number:040X}")


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def certificate_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def load_private(pem: bytes) -> rsa.RSAPrivateKey:
    """Read a PEM private key; raises TypeError when it is not RSA."""
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("an RSA private key was expected")
    return key
