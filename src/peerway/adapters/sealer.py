"""Encryption of the secrets that the store keeps, with one key an installation.

The key is a file beside the data, readable by its owner alone; who has only a copy of the database reads no secret.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from peerway.domain.errors import Unavailable


class FernetSealer:
    """`app.world.Sealer` with Fernet (AES-128-CBC and HMAC-SHA256) and the key in a file.

    Makes the file, mode 0600, when there is none; several may start at once. `Unavailable` when the file holds no key.
    """

    def __init__(self, key_file: Path) -> None:
        if not key_file.exists():
            write_key(key_file)
        try:
            self._fernet = Fernet(key_file.read_bytes().strip())
        except ValueError:
            raise Unavailable("the installation's key file holds no key", code="wrong_key") from None

    def seal(self, secret: str) -> str:
        """Encrypt."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def unseal(self, sealed: str) -> str:
        """Decrypt; `Unavailable` when the key does not fit."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unavailable(
                "a stored secret does not fit the installation's key", code="wrong_key"
            ) from None


def write_key(path: Path) -> None:
    """Put a fresh key there, whole or not at all; a key that another process put there first stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".key-", dir=path.parent)
    fresh = Path(name)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
