"""One port for TLS and plain HTTP: both are served, and whoever speaks neither goes without holding anything up."""

import asyncio
import contextlib
import errno
import gc
import socket
import ssl

import pytest
import uvicorn
import uvloop

from peerway.bootstrap import accepting
from peerway.bootstrap.accepting import TwoTongued
from peerway.bootstrap.http import BoundedHttp
from peerway.bootstrap.tls import make_tls
from peerway.settings import ApiOptions

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#: Longer than any test takes.
LONG_S = 60.0


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """The server's certificate."""
    return make_tls(ApiOptions(data=tmp_path_factory.mktemp("data"), tls=True))


@pytest.fixture(scope="module")
def trust(tls):
    """A client's trust in it."""
    context = ssl.create_default_context(cafile=str(tls.certificate))
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


async def echo_scheme(scope, receive, send):
    """Answers everything by the scheme that the request came by."""
    body = scope["scheme"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def serving(tls, patience_s=LONG_S, kind=socket.socket):
    """A server; its address and itself."""
    config = uvicorn.Config(echo_scheme, http=BoundedHttp, ws="none", log_config=None, access_log=False)
    config.load()
    state = uvicorn.server.ServerState()
    with kind(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        server = TwoTongued(listener, lambda: BoundedHttp(config, state, {}), tls.context, patience_s)
        try:
            yield listener.getsockname(), server
        finally:
            server.close()
            await server.wait_closed()
            for connection in list(state.connections):
                connection.transport.abort()
            while state.connections:  # noqa: ASYNC110 - they go when the loop has gone round
                await asyncio.sleep(0)


def run(scenario):
    """Run a scenario on the loop that serves in earnest; nothing of it may be left behind."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = []
        runner.get_loop().set_exception_handler(lambda _, context: told.append(context))
        runner.run(asyncio.wait_for(scenario, 30))
        gc.collect()
        assert not told


async def ask(reader, writer):
    """What one request on the connection is answered."""
    writer.write(REQUEST)
    await reader.readuntil(b"\r\n\r\n")
    return await reader.readexactly(5 if writer.get_extra_info("ssl_object") else 4)


async def hang_up(writer):
    """End a connection, and wait until it has ended."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def rest(reader):
    """What still comes before the server hangs up; it may do so with what it was sent unread."""
    with contextlib.suppress(ConnectionResetError):
        return await reader.read()
    return b""


async def said(address, data):
    """All that a connection is answered until the server hangs up."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    try:
        return await rest(reader)
    finally:
        await hang_up(writer)


def hello():
    """The first message of a TLS client."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_many_of_both_at_once_on_kept_connections(tls, trust):
    """Fifty clients by TLS and fifty without, three requests each on one connection: each is answered in its own way."""

    async def client(address, context):
        reader, writer = await asyncio.open_connection(*address, ssl=context)
        answers = [await ask(reader, writer) for _ in range(3)]
        await hang_up(writer)
        return answers

    async def scenario():
        async with serving(tls) as (address, _):
            clients = [client(address, context) for _ in range(50) for context in (trust, None)]
            answers = await asyncio.gather(*clients)
            assert answers == [[b"https"] * 3, [b"http"] * 3] * 50

    run(scenario())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(tls, version):
    """TLS 1.2 and 1.3 are spoken, and HTTP/1.1 in them."""

    async def scenario():
        context = ssl.create_default_context(cafile=str(tls.certificate))
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.minimum_version = context.maximum_version = version
        async with serving(tls) as (address, _):
            reader, writer = await asyncio.open_connection(*address, ssl=context)
            spoken = writer.get_extra_info("ssl_object")
            assert (spoken.version(), spoken.selected_alpn_protocol()) == (
                version.name.replace("_", "."),
                "http/1.1",
            )
            assert await ask(reader, writer) == b"https"
            await hang_up(writer)

    run(scenario())


@pytest.mark.parametrize("data", [b"", b"\x16", hello()[:100]], ids=["silent", "one byte", "half a hello"])
def test_who_stalls_is_dropped(tls, data):
    """A client that connects and says nothing, or not enough, keeps its connection for a while only."""

    async def scenario():
        async with serving(tls, patience_s=0.05) as (address, server):
            assert await said(address, data) == b""
            assert not server._silent

    run(scenario())


@pytest.mark.parametrize(
    "data", [b"\x16nonsense" * 100, b"\x16\x03\x01\x00\x04abcd", hello()[:-50] + bytes(50)]
)
def test_broken_handshakes_end_at_once(tls, trust, data):
    """What begins as TLS and is none ends its connection, whatever the patience; others don't notice."""

    async def scenario():
        async with serving(tls) as (address, _):
            assert b"HTTP" not in await said(address, data + hello())
            reader, writer = await asyncio.open_connection(*address, ssl=trust)
            assert await ask(reader, writer) == b"https"
            await hang_up(writer)

    run(scenario())


def test_who_hangs_up_at_once_is_forgotten(tls):
    """Connections that end before they said anything leave nothing."""

    async def scenario():
        async with serving(tls) as (address, server):
            for _ in range(20):
                _, writer = await asyncio.open_connection(*address)
                await hang_up(writer)
            assert b"200 OK" in await said(address, REQUEST.replace(b"Host", b"Connection: close\r\nHost"))
            assert not server._silent
            assert not server._handed

    run(scenario())


def test_closing_drops_who_has_not_asked(tls):
    """A server that closes waits for no first byte and no handshake."""

    async def scenario():
        async with serving(tls) as (address, server):
            silent, halfway = [await asyncio.open_connection(*address) for _ in range(2)]
            halfway[1].write(hello()[:100])
            while not (server._silent and server._handed):  # noqa: ASYNC110 - until both have been accepted
                await asyncio.sleep(0)
            server.close()
            await server.wait_closed()
            for reader, writer in (silent, halfway):
                assert await rest(reader) == b""
                await hang_up(writer)

    run(scenario())


def test_no_descriptor_left_is_no_end(tls, monkeypatch):
    """When a connection can't be accepted for want of descriptors, it is a little later."""

    class Exhausted(socket.socket):
        """Refuses once."""

        refusals = 1

        def accept(self):
            if self.refusals:
                self.refusals -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async def scenario():
        async with serving(tls, kind=Exhausted) as (address, _):
            reader, writer = await asyncio.open_connection(*address)
            assert await ask(reader, writer) == b"http"
            await hang_up(writer)

    monkeypatch.setattr(accepting, "PAUSE_S", 0.01)
    run(scenario())
