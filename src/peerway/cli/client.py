"""A thin HTTP client of the native API: addresses, tokens, retries, pages and the watch stream.

Knows no command and no resource. Values are the API's JSON as it came.
"""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from peerway.cli.errors import Foretold, NoConnection, Refused, WrongUsage
from peerway.cli.profile import Profile

#: A JSON object of the API.
Item = dict[str, Any]

#: Pauses before the tries that follow the first one, seconds; a `Retry-After` replaces them.
PAUSES_S = (0.1, 0.2, 0.4, 0.8)
#: Longest `Retry-After` that is waited for, seconds.
LONGEST_PAUSE_S = 30.0
#: Statuses that mean "not now": the request was not carried out.
NOT_NOW = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})
#: Methods that may be sent again although the first try may have arrived.
REPEATABLE = frozenset({"GET", "PUT"})


class Client:
    """The native API of one installation, as one account. Use it as a context manager, from one thread."""

    def __init__(
        self,
        profile: Profile,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        timeout_s: float = 30.0,
        preview: bool = False,
    ) -> None:
        self._profile = profile
        #: Whether what would change something only asks what it would do; the answer is raised as `Foretold`.
        self._preview = preview
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=f"{profile.url}/api/v1",
            headers={"Authorization": f"Bearer {profile.token}"} if profile.token else {},
            timeout=timeout_s,
            transport=transport,
            # A proxy for the outside world must not get in front of a service on this host.
            trust_env=False,
            verify=_trust(profile),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str, **params: object) -> Any:
        """The resource at a path."""
        return self._json("GET", path, params=params)

    def create(self, path: str, body: Mapping[str, object], *, key: str | None = None) -> Any:
        """Create by POST with an idempotency key, so that a try whose answer was lost makes no second one."""
        return self._json("POST", path, body=body, key=key or uuid.uuid4().hex)

    def act(self, path: str, body: Mapping[str, object] | None = None, *, revision: int | None = None) -> Any:
        """Do something to a resource by POST, with `revision` only while it is at that one."""
        return self._json("POST", path, body=body or {}, revision=revision)

    def change(self, path: str, body: Mapping[str, object], *, revision: int | None = None) -> Any:
        """Change the named fields by PATCH, as `act` does; unlike in `create`, None is sent (as null)."""
        return self._json("PATCH", path, body=body, keep_none=True, revision=revision)

    def replace(self, path: str, body: Mapping[str, object]) -> Any:
        """Replace by PUT."""
        return self._json("PUT", path, body=body)

    def delete(self, path: str, *, revision: int | None = None, **params: object) -> Any:
        """Delete, as `act` does; the resource in its last state, or None."""
        return self._json("DELETE", path, params=params, revision=revision)

    def foretell(self, path: str, body: Mapping[str, object]) -> Item:
        """What a POST would do, and answer."""
        preview: Item = self._json("POST", path, params={"preview": "true"}, body=body)
        return preview

    def pages(self, path: str, *, limit: int | None = None, **params: object) -> Iterator[Item]:
        """All items of a list, page by page; at most `limit`."""
        after: str | None = None
        left = limit
        while left is None or left > 0:
            size = None if left is None else min(left, 100)
            page = self.get(path, after=after, limit=size, **params)
            items = page["items"]
            yield from items if left is None else items[:left]
            left = None if left is None else left - len(items)
            after = page.get("next")
            if not after:
                return

    def watch(
        self, after: int | None = None, *, all_accounts: bool = False, read_timeout_s: float = 60.0
    ) -> Iterator[Item]:
        """Changes as they happen, for ever, from after a revision or from now on.

        Connects again when the stream breaks, without losing or repeating any; a heartbeat that is missing for `read_timeout_s`
        counts as a break.
        """
        if after is None:
            after = self.get("/status")["revision"]
        while True:
            try:
                for event in self._stream(after, all_accounts=all_accounts, read_timeout_s=read_timeout_s):
                    after = event["revision"]
                    yield event
            except (httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout):
                pass
            self._sleep(PAUSES_S[0])

    def _stream(self, after: int | None, *, all_accounts: bool, read_timeout_s: float) -> Iterator[Item]:
        request = self._http.build_request(
            "GET",
            "/watch",
            params=_drop_none({"after": after, "all_accounts": all_accounts or None}),
            timeout=httpx.Timeout(30.0, read=read_timeout_s),
        )
        answer = self._send(request, stream=True)
        try:
            event = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(":")
                if name == "event":
                    event = value.strip()
                elif name == "data":
                    yield {"event": event, **json.loads(value)}
        finally:
            answer.close()

    def _json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        key: str | None = None,
        keep_none: bool = False,
        revision: int | None = None,
    ) -> Any:
        asks = self._preview and method != "GET"
        asked = {**(params or {}), "preview": "true"} if asks else params or {}
        request = self._http.build_request(
            method,
            path,
            params=_drop_none(asked),
            headers=({"Idempotency-Key": key} if key else {})
            | ({} if revision is None else {"If-Match": f'"{revision}"'}),
            json=None if body is None else dict(body) if keep_none else _drop_none(body),
        )
        answer = self._send(request)
        content: Any = answer.json() if answer.content else None
        if asks:
            raise Foretold(content)
        return content

    def _send(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        repeatable = request.method in REPEATABLE or "Idempotency-Key" in request.headers
        for pause_s in (*PAUSES_S, None):
            try:
                answer = self._http.send(request, stream=stream)
            except httpx.ConnectError as error:
                problem: Exception = error
            except httpx.TransportError as error:
                if not repeatable or isinstance(error, httpx.TimeoutException):
                    raise self._lost(error) from error
                problem = error
            else:
                if answer.is_success:
                    return answer
                refusal = _refusal(answer, stream=stream)
                if (
                    answer.status_code not in NOT_NOW
                    or pause_s is None
                    or not refusal.problem.get("retry", True)
                ):
                    raise refusal
                self._sleep(_retry_after_s(answer) or pause_s)
                continue
            if pause_s is None:
                raise self._lost(problem) from problem
            self._sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def _lost(self, error: Exception) -> NoConnection:
        return NoConnection(
            f"can't reach the API at {self._profile.url}: {str(error) or type(error).__name__}"
            " (is `peerway up` running, and is PEERWAY_URL right?)"
        )


def _trust(profile: Profile) -> ssl.SSLContext | bool:
    if profile.ca_file is None:
        # Without TLS the system's certificates need not be read, which takes longer than the request.
        return profile.url.startswith("https://")
    try:
        return ssl.create_default_context(cafile=str(profile.ca_file))
    except OSError as error:
        raise WrongUsage(f"can't read the certificates in {profile.ca_file}: {error.strerror}") from None


def _refusal(answer: httpx.Response, *, stream: bool) -> Refused:
    try:
        if stream:
            answer.read()
        problem = answer.json()
    except (ValueError, httpx.TransportError):
        problem = None
    if not isinstance(problem, dict):
        problem = {"detail": f"the server answered {answer.status_code} {answer.reason_phrase}"}
    return Refused(answer.status_code, problem)


def _retry_after_s(answer: httpx.Response) -> float | None:
    try:
        return min(max(float(answer.headers["Retry-After"]), 0.0), LONGEST_PAUSE_S)
    except (KeyError, ValueError):
        return None


def _drop_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
