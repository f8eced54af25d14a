"""Whatever callers send, what is done with it is bounded, and the blame is theirs."""

import asyncio

import pytest
from pydantic import BaseModel, ValidationError

from peerway.api.native.errors import invalid_request, status_of
from peerway.api.serving.limits import read_body
from peerway.domain.errors import InvalidInput


class Named(BaseModel):
    """A body with one text."""

    name: str


def nested(depth):
    """A list in a list in a list, as deep as the JSON reader lets in."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(1020), {"a": nested(1020)}, ["x" * 1000] * 1000])
def test_refused_value_is_shown_without_being_followed(value):
    """A value that is too deep or too long to be printed is still refused by field and rule."""
    with pytest.raises(ValidationError) as caught:
        Named.model_validate({"name": value})
    (error,) = invalid_request(caught.value).errors
    assert (error["field"], error["rule"]) == ("name", "must be text")
    assert 0 < len(error["value"]) <= 100


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"0")]])
def test_request_without_a_body_is_not_waited_for(headers):
    """Nothing announced is nothing: no message is asked for."""

    async def receive():
        pytest.fail("there is nothing to receive")

    assert asyncio.run(read_body({"headers": headers}, receive, 100, 0.01)) == b""


def test_body_that_never_ends_is_the_senders_fault():
    """A sender that stalls gets 408 with the field and the rule; it is no failure of the server."""

    async def stalled():
        parts = iter([{"type": "http.request", "body": b"{", "more_body": True}])

        async def receive():
            for part in parts:
                return part
            return await asyncio.get_running_loop().create_future()

        await read_body({"headers": [(b"transfer-encoding", b"chunked")]}, receive, 100, 0.01)

    with pytest.raises(InvalidInput, match="body must arrive within") as caught:
        asyncio.run(stalled())
    assert status_of(caught.value)[0] == 408
