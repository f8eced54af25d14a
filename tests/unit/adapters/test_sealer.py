"""Sealed secrets come back with the key they were sealed with, and only with that."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet

from peerway.adapters.sealer import FernetSealer
from peerway.domain.errors import Unavailable


@pytest.fixture
def key_file(tmp_path):
    """Where the key will be."""
    return tmp_path / "data" / "secret.key"


def test_secret_comes_back_after_a_restart(key_file):
    """The key is kept: another sealer on the same file reads what the first one sealed."""
    sealed = FernetSealer(key_file).seal("s3cr3t ä")
    assert "s3cr3t" not in sealed
    assert FernetSealer(key_file).unseal(sealed) == "s3cr3t ä"


def test_key_file_is_the_owner_s_alone(key_file):
    """Nobody else may read the key, whatever the umask allows, and nothing lies beside it."""
    before = os.umask(0)
    try:
        FernetSealer(key_file)
    finally:
        os.umask(before)
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]


def test_several_that_start_at_once_share_a_key(key_file):
    """Processes that make the key at the same time end with the same one."""
    with ThreadPoolExecutor(8) as together:
        sealers = list(together.map(FernetSealer, [key_file] * 8))
    sealed = [sealer.seal("secret") for sealer in sealers]
    assert [sealer.unseal(one) for sealer in reversed(sealers) for one in sealed] == ["secret"] * 64


def test_secret_of_another_key_is_refused(key_file):
    """A secret that the key does not fit is `Unavailable`, and the secret is not in the text."""
    sealed = Fernet(Fernet.generate_key()).encrypt(b"secret").decode()
    with pytest.raises(Unavailable) as refused:
        FernetSealer(key_file).unseal(sealed)
    assert refused.value.code == "wrong_key"
    assert sealed not in str(refused.value)


def test_file_without_a_key_is_refused(key_file):
    """An empty or foreign file is not overwritten: what was sealed with the true key would be lost."""
    key_file.parent.mkdir()
    key_file.write_bytes(b"not a key\n")
    with pytest.raises(Unavailable):
        FernetSealer(key_file)
    assert key_file.read_bytes() == b"not a key\n"
