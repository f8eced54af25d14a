"""HTTP that no client sends, at all of the clouds' doors of a whole `peerway up`: an answer or an end in time, never a 5xx."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.support.every_door import DOORS, Knocker, actions
from tests.support.live import Cloud, running_cloud

from peerway.api.clouds.action import Effect

#: Longest that anything may take, s: a little longer than a body may.
BOUND_S = 15

#: One path and one header of each door.
PLACES = {
    "alibaba": ("/?Action=DescribeVpcs&Version=2016-04-28", "x-acs-action: DescribeVpcs"),
    "tencent": ("/", "x-tc-action: DescribeVpcs"),
    "tencent-v2": ("/v2/index.php", "content-type: application/x-www-form-urlencoded"),
    "jdcloud": ("/v1/regions/cn-north-1/vpcs/", "content-type: application/json"),
}

#: What comes after the first header lines.
TAILS = {
    "chunks": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a length and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a chunk that is none": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "a chunk of all memory": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
    "gzip": b"Transfer-Encoding: gzip\r\n\r\n{}",
    "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length below zero": b"Content-Length: -1\r\n\r\n{}",
    "a length that is none": b"Content-Length: x\r\n\r\n{}",
    "a length too short": b"Content-Length: 1\r\n\r\n{}",
    "a length too long": b"Content-Length: 50\r\n\r\n{}",
    "a length of all memory": b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "10 MB to come": b"Content-Length: 10485760\r\n\r\n{}",
    "no body, wait": b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    "expect something else": b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}",
    "60 KB in one header": b"X-A: " + b"a" * 60_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "1 MB in one header": b"X-A: " + b"a" * 1_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "1,000 headers": b"".join(b"X-%d: a\r\n" % place for place in range(1000))
    + b"Content-Length: 2\r\n\r\n{}",
    "bytes above 127": b"X-A: \xc3\xa9\xff\r\nAuthorization: \xff\r\nContent-Length: 2\r\n\r\n{}",
    "a header over two lines": b"X-A: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "NUL in a header": b"X-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
    "line feeds alone": b"X-A: a\nContent-Length: 2\n\n{}",
    "a header without a colon": b"foo\r\nContent-Length: 2\r\n\r\n{}",
    "a WebSocket": b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "HTTP/2": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: 2\r\n\r\n{}",
    "another host": b"Host: elsewhere\r\nContent-Length: 2\r\n\r\n{}",
    "half a head": b"X-A: a",
}

#: Whole requests.
WHOLE = {
    "no version": b"GET /\r\n\r\n",
    "an old version": b"GET /?Action=DescribeVpcs&Version=2016-04-28 HTTP/1.0\r\n\r\n",
    "a version to come": b"GET / HTTP/3.0\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500,
    "bytes": bytes(range(256)) * 4,
    "an address for a target": b"GET http://127.0.0.1/?Action=DescribeVpcs&Version=2016-04-28 HTTP/1.1\r\nHost: a\r\n\r\n",
    "another's address": b"GET http://elsewhere/v2/index.php?Action=x HTTP/1.1\r\nHost: a\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "a proxy's": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a long target": b"GET /?" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "no host": b"GET /?Action=DescribeVpcs&Version=2016-04-28 HTTP/1.1\r\n\r\n",
    **{
        f"host {place}": b"GET /?Action=DescribeVpcs&Version=2016-04-28 HTTP/1.1\r\nHost: "
        + host
        + b"\r\n\r\n"
        for place, host in enumerate(
            (
                b"",
                b"a b",
                b"\xe9",
                b"[::1",
                b"x" * 3000,
                b"a:b:c",
                b"a:99999",
                b"\x01",
                b"http://a/",
                b"@",
                b"%00",
            )
        )
    },
    **{
        f"path {place}": b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n"
        for place, path in enumerate(
            (
                *(
                    b"//",
                    b"/%2f",
                    b"/v2/index.php/",
                    b"/v1/regions",
                    b"/v1/regions/%00/vpcs",
                    b"/v1/regions/%ff%fe/vpcs",
                ),
                *(
                    b"/v1/regions/a/../b",
                    b"/v1/regions/" + b"a/" * 3000,
                    b"/?%00=%00",
                    b"/?Action=%ff",
                    b"/?;&=&&",
                    b"?",
                ),
            )
        )
    },
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A whole installation."""
    with running_cloud(Path(tmp_path_factory.mktemp("peerway")), "memory") as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(cloud: Cloud) -> str:
    """Where the doors are."""
    return cloud.operator.endpoint


def exchanged(endpoint: str, sent: bytes, *, ends: bool = True) -> bytes:
    """What comes back until the connection ends; after the request it is told that no more comes, if `ends` says so."""
    host, _, port = endpoint.rpartition(":")
    began, received = time.monotonic(), b""
    with socket.create_connection((host, int(port)), timeout=BOUND_S) as connection:
        # What ends while it is still being sent to has answered before.
        with suppress(OSError):
            connection.sendall(sent)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                received += part
    assert time.monotonic() - began < BOUND_S
    return received


def statuses(received: bytes) -> list[int]:
    """Statuses of the answers, without those that ask to go on."""
    found = re.findall(rb"HTTP/1\.[01] (\d{3})", received)
    return [int(status) for status in found if status != b"100"]


def serves(cloud: Cloud) -> bool:
    """Whether the doors still answer."""
    tenant = cloud.tenant("after")
    door, action = next((at, one) for at, one in actions() if one.operation.effect is Effect.READ)
    knocker = Knocker(tenant, tenant.endpoint)  # type: ignore[arg-type] - a tenant has a key, too
    answer = knocker.ask(door, action, {})
    knocker.close()
    return bool(answer.body)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("tail", TAILS)
def test_odd_bodies_and_headers_end(endpoint: str, door: str, tail: str) -> None:
    """API-4: a request that is odd as HTTP is answered, or its connection is ended."""
    path, header = PLACES[door]
    head = f"POST {path} HTTP/1.1\r\nHost: {endpoint}\r\n{header}\r\nConnection: close\r\n".encode()
    for status in statuses(exchanged(endpoint, head + TAILS[tail])):
        assert status < 500


@pytest.mark.parametrize("name", WHOLE)
def test_odd_requests_end(endpoint: str, name: str) -> None:
    """API-4: methods, targets, hosts and protocols that are none."""
    for status in statuses(exchanged(endpoint, WHOLE[name])):
        assert status < 500


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "PATCH", "FOO", "get"])
def test_other_methods_are_refused(endpoint: str, door: str, method: str) -> None:
    """API-4: in the cloud's envelope where it is HTTP at all."""
    path, header = PLACES[door]
    head = f"{method} {path} HTTP/1.1\r\nHost: {endpoint}\r\n{header}\r\nConnection: close\r\n\r\n"
    (status,) = statuses(exchanged(endpoint, head.encode()))
    assert status < 500


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("chunked", [False, True])
def test_ten_megabytes_are_too_much(endpoint: str, door: str, chunked: bool) -> None:
    """API-4: a body of 10 MB is refused in the cloud's words before it is read, with a length or without."""
    path, header = PLACES[door]
    head = f"POST {path} HTTP/1.1\r\nHost: {endpoint}\r\n{header}\r\nConnection: close\r\n".encode()
    part = b"x" * 100_000
    if chunked:
        body = b"Transfer-Encoding: chunked\r\n\r\n" + b"186a0\r\n%s\r\n" % part * 100 + b"0\r\n\r\n"
    else:
        body = b"Content-Length: 10000000\r\n\r\n" + part * 100
    received = exchanged(endpoint, head + body, ends=False)
    words = (b"RequestEntityTooLarge", b"RequestSizeLimitExceeded", b'"code":4000', b'"code":413')
    # A connection that was reset amid the sending may lose its answer.
    assert not received or any(word in received for word in words), received[:500]


@pytest.mark.parametrize("door", DOORS)
def test_pipelined_requests_are_all_answered(endpoint: str, door: str) -> None:
    """Fifty in one packet: fifty answers in their order."""
    path, header = PLACES[door]
    one = f"POST {path} HTTP/1.1\r\nHost: {endpoint}\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode()
    last = one.replace(b"Content-Length", b"Connection: close\r\nContent-Length")
    found = statuses(exchanged(endpoint, one * 49 + last, ends=False))
    assert len(found) == 50
    assert all(status < 500 for status in found)


def test_the_doors_serve_after_all_that(cloud: Cloud) -> None:
    """Nothing of it stays behind."""
    assert serves(cloud)
