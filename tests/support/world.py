"""The catalogues and services that use cases decide with, for tests on stores of their own."""

from peerway.adapters.entropy import SystemEntropy
from peerway.app.world import World
from peerway.profiles.model import load_access_points, load_limits, load_profiles, load_regions
from peerway.profiles.prices import load_price_books

#: Read once: they never change.
REGIONS, PROFILES, LIMITS = load_regions(), load_profiles(), load_limits()
ACCESS_POINTS, PRICES = load_access_points(), load_price_books()


class MemorySealer:
    """A sealer whose key is nowhere: it only marks what it sealed."""

    def seal(self, secret: str) -> str:
        """Mark."""
        return f"sealed:{secret}"

    def unseal(self, sealed: str) -> str:
        """Take the mark off."""
        return sealed.removeprefix("sealed:")


def make_world() -> World:
    """All regions and profiles, real chance, and a sealer that seals nothing."""
    return World(REGIONS, PROFILES, LIMITS, SystemEntropy(), MemorySealer(), ACCESS_POINTS, PRICES)
