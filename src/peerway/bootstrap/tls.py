"""The certificate by which the API speaks TLS: the operator's own, or one that is made here once and kept in the data folder."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from peerway.bootstrap.lock import only_one
from peerway.domain.errors import InvalidInput
from peerway.settings import ApiOptions

#: How long a certificate made here is good for.
VALIDITY: Final = timedelta(days=3650)
#: How long before now it begins, for clients whose clocks are behind.
LEEWAY: Final = timedelta(days=1)
#: How long another process may take to make the certificate of the same folder, s.
MAKING_S: Final = 10.0
#: Addresses that mean every address of the host: nobody reaches anything by them.
ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not listened at


@dataclass(frozen=True, slots=True)
class Tls:
    """How connections are secured."""

    #: The certificate, for clients to trust.
    certificate: Path
    #: What speaks TLS with it.
    context: ssl.SSLContext


def make_tls(options: ApiOptions) -> Tls | None:
    """What the options ask for, None if that is plain HTTP; `InvalidInput` when a file they name can't be used.

    Without files of the operator's own, DATA/tls has the pair; it is made when missing, ended or without the host listened at.
    """
    if options.tls_cert is None and options.tls_key is None:
        return _own_pair(options) if options.tls else None
    if options.tls_cert is None:
        raise InvalidInput("tls-cert", "must be given together with tls-key")
    if options.tls_key is None:
        raise InvalidInput("tls-key", "must be given together with tls-cert")
    return _load(options.tls_cert, options.tls_key)


def _own_pair(options: ApiOptions) -> Tls:
    folder = options.data / "tls"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    host = options.listen.rpartition(":")[0].strip("[]")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with only_one(folder / "certificate.lock", MAKING_S):
            with contextlib.suppress(InvalidInput):
                kept = _load(certificate, key)
                if _serves(certificate, host):
                    return kept
            _make_pair(certificate, key, host)
    except OSError as error:
        raise InvalidInput("tls", f"can't keep a certificate: {error.strerror}", folder) from error
    return _load(certificate, key)


def _serves(certificate: Path, host: str) -> bool:
    """Whether the certificate is still good, and for the host that is listened at."""
    found = _certificate_in(certificate)
    if not found.not_valid_before_utc <= datetime.now(UTC) < found.not_valid_after_utc:
        return False
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return host in ANY or all(name in names for name in _names(host))


def _make_pair(certificate: Path, key: Path, host: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    hosts = ("localhost", "127.0.0.1", "::1", socket.gethostname(), *({host} - ANY))
    _write_whole(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write_whole(certificate, _self_signed(private, hosts).public_bytes(Encoding.PEM), 0o644)


def _self_signed(private: ec.EllipticCurvePrivateKey, hosts: Iterable[str]) -> x509.Certificate:
    """A certificate for the hosts. It is no authority: to trust it is to trust this server, and no other."""
    names = dict.fromkeys(name for host in hosts for name in _names(host))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Peerway")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LEEWAY)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(private, hashes.SHA256())
    )


def _names(host: str) -> list[x509.GeneralName]:
    """The host as certificates name it; nothing for what is neither an address nor a name that fits into DNS."""
    with contextlib.suppress(ValueError):
        return [x509.IPAddress(ipaddress.ip_address(host))]
    with contextlib.suppress(ValueError):
        return [x509.DNSName(host.encode("idna").decode())]
    return []


def _write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write the file in one move: whoever reads it finds all of it or none."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _load(certificate: Path, key: Path) -> Tls:
    """Both files in use; `InvalidInput` names the one that can't be."""
    public = _certificate_in(certificate).public_key()
    if public != _key_in(key).public_key():
        raise InvalidInput("tls-key", "doesn't belong to the certificate", key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except OSError as error:
        raise InvalidInput("tls-cert", f"can't be used: {error.strerror or error}", certificate) from error
    return Tls(certificate.absolute(), context)


def _certificate_in(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read("tls-cert", path))
    except ValueError as error:
        raise InvalidInput("tls-cert", "must be a certificate in PEM", path) from error


def _key_in(path: Path) -> PrivateKeyTypes:
    data = _read("tls-key", path)
    try:
        return load_pem_private_key(data, None)
    except TypeError as error:
        raise InvalidInput("tls-key", "must not need a password", path) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput("tls-key", "must be a private key in PEM", path) from error


def _read(field: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(field, f"can't be read: {error.strerror}", path) from error
