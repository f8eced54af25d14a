"""The fast look-up finds what a scan over all entries finds."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from peerway.fabric.decisions import longest_match
from peerway.fabric.lookup import Lookup
from peerway.fabric.model import Blackhole, Fib, FibEntry

#: Few distinct bits high up and low down, so that prefixes nest and addresses hit.
_numbers = st.builds(lambda high, low: high << 24 | low, st.integers(0, 3), st.integers(0, 3))


@st.composite
def prefixes(draw: st.DrawFn) -> IPv4Network | IPv6Network:
    """Prefixes of both versions, nested and not."""
    if draw(st.booleans()):
        return IPv4Network((draw(_numbers), draw(st.integers(0, 32))), strict=False)
    return IPv6Network((draw(_numbers) << 96, draw(st.integers(0, 128))), strict=False)


@given(
    st.lists(prefixes(), unique=True),
    st.lists(
        st.one_of(
            st.builds(IPv4Address, _numbers),
            st.builds(lambda number: IPv6Address(number << 96), _numbers),
            st.ip_addresses(),
        )
    ),
)
def test_lookup_equals_linear_scan(ranges, addresses):
    """For any table and address, the longest matching prefix is found, or none (NET-5)."""
    fib = Fib("vtb-1", tuple(FibEntry(prefix, Blackhole(), str(prefix)) for prefix in ranges))
    lookup = Lookup(fib)
    for address in [*addresses, *(prefix.network_address for prefix in ranges)]:
        assert lookup.find(address) == longest_match(fib, address)
