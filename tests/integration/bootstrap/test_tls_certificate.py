"""The certificate: made once and kept, the operator's own if they have one, and clear words for files that can't be used."""

import multiprocessing
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from peerway.bootstrap import tls
from peerway.bootstrap.tls import make_tls
from peerway.domain.errors import InvalidInput
from peerway.settings import ApiOptions


def own(data, listen="127.0.0.1:0"):
    """The certificate that is made in the folder, in PEM."""
    return make_tls(ApiOptions(data=data, tls=True, listen=listen)).certificate.read_bytes()


def names(data):
    """For whom the kept certificate is."""
    found = x509.load_pem_x509_certificate((data / "tls" / "certificate.pem").read_bytes())
    return {
        str(name.value)
        for name in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    }


def theirs(**files):
    """What the operator's files come to; the refusal's field and words."""
    with pytest.raises(InvalidInput) as refusal:
        make_tls(ApiOptions(data=files.pop("data", None), **files))
    return refusal.value.field, refusal.value.rule


@pytest.fixture
def pair(tmp_path):
    """An operator's certificate and key."""
    own(tmp_path)
    return tmp_path / "tls" / "certificate.pem", tmp_path / "tls" / "key.pem"


def test_plain_unless_asked_for(tmp_path):
    """Without the options there is no TLS, and nothing is made."""
    assert make_tls(ApiOptions(data=tmp_path)) is None
    assert not list(tmp_path.iterdir())


def test_made_for_this_host_and_its_key_kept_to_oneself(tmp_path):
    """It names the loopback, this host and the address listened at; only the owner reads the key."""
    own(tmp_path, "peerway.example:8520")
    assert {"localhost", "127.0.0.1", "::1", "peerway.example"} <= names(tmp_path)
    assert stat.S_IMODE((tmp_path / "tls" / "key.pem").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("tls/*.draft"))


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0", "localhost:80"])
def test_kept_for_the_next_start(tmp_path, listen):
    """Who has trusted it can go on to."""
    assert own(tmp_path, listen) == own(tmp_path, listen)
    assert not names(tmp_path) & {"0.0.0.0", "::"}  # noqa: S104 - nobody listens


def test_made_anew_for_another_address(tmp_path):
    """A certificate that doesn't name the address listened at would be refused by every client."""
    first = own(tmp_path)
    assert own(tmp_path, "192.0.2.1:8520") != first
    assert "192.0.2.1" in names(tmp_path)


def test_made_anew_when_ended(tmp_path, monkeypatch):
    """One that has ended helps nobody."""
    monkeypatch.setattr(tls, "VALIDITY", -tls.LEEWAY / 2)
    first = own(tmp_path)
    monkeypatch.undo()
    assert own(tmp_path) not in {first, b""}


@pytest.mark.parametrize("lost", ["certificate.pem", "key.pem"])
def test_half_a_pair_is_made_anew(tmp_path, lost):
    """A start that was killed between the two files doesn't keep the next one from starting."""
    first = own(tmp_path)
    (tmp_path / "tls" / lost).unlink()
    assert own(tmp_path) != first


def test_processes_that_start_together_agree(tmp_path):
    """Several API processes on one data folder show the same certificate."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(own, [tmp_path] * 4))) == 1


def test_the_operators_own(pair):
    """Named files are used as they are, and ask for TLS by themselves."""
    made = make_tls(ApiOptions(data=None, tls_cert=pair[0], tls_key=pair[1]))
    assert made.certificate == pair[0]


def test_one_without_the_other_is_refused(pair):
    """Certificate and key belong together."""
    assert theirs(tls_cert=pair[0]) == ("tls-key", "must be given together with tls-cert")
    assert theirs(tls_key=pair[1]) == ("tls-cert", "must be given together with tls-key")


def test_files_that_cannot_be_read_are_named(pair, tmp_path):
    """A missing file and a folder."""
    nowhere = tmp_path / "nowhere.pem"
    assert theirs(tls_cert=nowhere, tls_key=pair[1]) == (
        "tls-cert",
        "can't be read: No such file or directory",
    )
    assert theirs(tls_cert=pair[0], tls_key=tmp_path) == ("tls-key", "can't be read: Is a directory")


def test_files_that_are_no_pem_are_named(pair, tmp_path):
    """Nonsense, and the two files mixed up."""
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert theirs(tls_cert=nonsense, tls_key=pair[1]) == ("tls-cert", "must be a certificate in PEM")
    assert theirs(tls_cert=pair[1], tls_key=pair[0]) == ("tls-cert", "must be a certificate in PEM")
    assert theirs(tls_cert=pair[0], tls_key=nonsense) == ("tls-key", "must be a private key in PEM")


def test_keys_that_do_not_fit_are_refused(pair, tmp_path):
    """Another certificate's key, and one that asks for a password."""
    key = tmp_path / "other.pem"
    private = ec.generate_private_key(ec.SECP256R1())
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert theirs(tls_cert=pair[0], tls_key=key) == ("tls-key", "doesn't belong to the certificate")
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    assert theirs(tls_cert=pair[0], tls_key=key) == ("tls-key", "must not need a password")


def test_a_folder_that_cannot_be_kept_in_is_refused(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "tls").write_text("")
    assert theirs(data=tmp_path, tls=True)[0] == "tls"
