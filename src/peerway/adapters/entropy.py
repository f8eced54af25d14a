"""Ids and secrets from the operating system's source of randomness."""

from __future__ import annotations

import secrets
import string

BASE36 = string.digits + string.ascii_lowercase
ALPHANUMERIC = string.digits + string.ascii_letters
ID_LENGTH = 20
UID_LENGTH = 16
SECRET_LENGTH = 40
NUMBERS = 2**53 - 1


class SystemEntropy:
    """`app.world.Entropy` that nobody can foresee."""

    def new_id(self, prefix: str) -> str:
        """A fresh id, `prefix-` and 20 characters of [a-z0-9]."""
        return f"{prefix}-{draw(BASE36, ID_LENGTH)}"

    def new_uid(self) -> str:
        """A fresh account number: 16 digits, the first not 0."""
        first = 10 ** (UID_LENGTH - 1)
        return str(first + secrets.randbelow(9 * first))

    def new_number(self) -> int:
        """A fresh whole number from 1 on, below 2^53: every JSON reader has it exactly."""
        return 1 + secrets.randbelow(NUMBERS)

    def new_access_key_id(self) -> str:
        """A fresh access key id, `LTAI` and 20 letters or digits."""
        return f"LTAI{draw(ALPHANUMERIC, ID_LENGTH)}"

    def new_secret(self) -> str:
        """A fresh secret of 40 letters and digits, about 238 bits."""
        return draw(ALPHANUMERIC, SECRET_LENGTH)


def draw(alphabet: str, length: int) -> str:
    """Independent, even draws from the alphabet, from one number: one call of the system a text."""
    base = len(alphabet)
    number = secrets.randbelow(base**length)
    letters = []
    for _ in range(length):
        number, digit = divmod(number, base)
        letters.append(alphabet[digit])
    return "".join(letters)
