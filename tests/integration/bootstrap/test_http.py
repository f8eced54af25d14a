"""What arrives at the socket and is no request: answered as a problem, bounded, and the connection ended."""

import asyncio
import json

import pytest
import uvicorn

from peerway.bootstrap.http import MOST_HEAD, BoundedHttp


class Hasty(BoundedHttp):
    """Waits for a head no longer than a test wants to."""

    patience_s = 0.05


async def hello(scope, receive, send):
    """Answers everything."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def exchange(data, protocol=BoundedHttp):
    """Serve one connection that sends `data` and then waits; what it is answered until the server hangs up."""
    config = uvicorn.Config(hello, http=protocol, ws="none", log_config=None, access_log=False)
    config.load()
    state = uvicorn.server.ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(data)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


def refusal(data, protocol=BoundedHttp):
    """Status and problem document of an answer."""
    head, _, body = asyncio.run(exchange(data, protocol)).partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_a_problem(data):
    """Nonsense, TLS, made-up methods, contradicting lengths, endless paths: 400 with field and rule."""
    status, problem = refusal(data)
    assert (status, problem["code"]) == (400, "malformed_request")
    assert problem["errors"][0]["field"] == "request"


def test_endless_head_is_cut_off():
    """Headers without an end: 431, before they fill the memory."""
    status, problem = refusal(b"GET / HTTP/1.1\r\nX: " + b"x" * MOST_HEAD)
    assert (status, problem["code"], problem["errors"][0]["field"]) == (431, "head_too_large", "headers")


@pytest.mark.parametrize("data", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_slow_head_is_cut_off(data):
    """A client that connects and stalls keeps its connection for a while only: 408."""
    status, problem = refusal(data, Hasty)
    assert (status, problem["code"]) == (408, "head_too_slow")


def test_requests_one_after_another_are_served():
    """Whole requests are not held up: a second one on the connection has its own time."""
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = asyncio.run(exchange(request * 2 + b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))
    assert answer.count(b"HTTP/1.1 200") == 3
