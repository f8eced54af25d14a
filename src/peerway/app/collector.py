"""How the interpreter's collector of reference cycles is kept from what is large and stays.

Nothing that is stored or compiled has cycles. The collector would look at all of it again and again while it is made,
and now and then ever after, each time for seconds.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: From so many new objects on it pays to leave them out for good: with fewer, a look at all takes a few milliseconds.
MANY: Final = 200_000


def uncollected(make: Callable[[], T]) -> T:
    """What `make` makes, without the collector looking at it meanwhile; and if it is large, not later either.

    What is left out goes as ever when nobody refers to it any more. Cycles in other threads' hands at that moment are left out,
    too, so this is for what is made once in the life of a process or seldom.
    """
    active, before = gc.isenabled(), gc.get_count()[0]
    gc.disable()
    try:
        made = make()
        if gc.get_count()[0] - before >= MANY:
            gc.freeze()
        return made
    finally:
        if active:
            gc.enable()
