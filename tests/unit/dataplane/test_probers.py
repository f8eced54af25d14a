"""The bytes of echo requests, and of what may come back."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from peerway.adapters.dataplane.kernel.probers import checksum, echo_request, echo_token

NUMBERS = st.integers(0, 2**64 - 1)


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(5, 15))
def test_an_answer_brings_back_what_was_asked(key: int, number: int, now_ns: int, words: int) -> None:
    """The answer is the request with another type, in an IPv4 packet with or without options."""
    request = echo_request(key, number, now_ns)
    assert checksum(request) == 0
    reply = bytes([0]) + request[1:]
    head = bytes([0x40 | words]) + bytes(words * 4 - 1)
    assert echo_token(head + reply) == (key, number, now_ns)
    assert echo_token(head + request) is None, "a request is no answer"


@given(st.binary(max_size=100))
def test_no_packet_makes_reading_raise(packet: bytes) -> None:
    """Whatever comes in by a raw socket, it is an answer or it is not."""
    token = echo_token(packet)
    assert token is None or len(token) == 3


def test_the_checksum_is_that_of_the_rfc() -> None:
    """RFC 1071's own example."""
    data = struct.pack("!4H", 0x0001, 0xF203, 0xF4F5, 0xF6F7)
    assert checksum(data) == 0xFFFF & ~0xDDF2
