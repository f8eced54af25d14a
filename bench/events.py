"""What a prober tells: when answers began and when they ceased, waited for with a deadline."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass, field
from typing import Final

#: How long anything may take, s.
PATIENCE_S: Final = 20.0


@dataclass(slots=True)
class Events:
    """Lines of one prober."""

    #: Where they come from.
    fd: int
    _rest: bytes = b""
    _lines: list[bytes] = field(default_factory=list)

    def next(self, timeout_s: float) -> tuple[str, int] | None:
        """The next line as a word and a time in ns; None when there is none in time."""
        deadline = time.monotonic() + timeout_s
        while not self._lines:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return None
            chunk = os.read(self.fd, 65536)
            assert chunk, "the prober ended"
            *self._lines, self._rest = (self._rest + chunk).split(b"\n")
        word, _, number = self._lines.pop(0).decode().partition(" ")
        return word, int(number or 0)

    def expect(self, wanted: str, after_ns: int = 0) -> int:
        """Time of the first such line not before `after_ns`; lines in between are passed over."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            line = self.next(deadline - time.monotonic())
            assert line is not None, f"the prober never said {wanted}"
            if line[0] == wanted and line[1] >= after_ns:
                return line[1]

    def final(self, wanted: str, quiet_s: float) -> int:
        """Time of the last such line before nothing is said for a while."""
        found = self.expect(wanted)
        while (line := self.next(quiet_s)) is not None:
            found = line[1] if line[0] == wanted else found
        return found
