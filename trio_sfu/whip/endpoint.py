"""The paths of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep)."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trio_sfu.errors import RequestError
from trio_sfu.signaling.carried import IceServer
from trio_sfu.signaling.messages import Join
from trio_sfu.whip.bodies import read_text
from trio_sfu.whip.fragment import MEDIA_TYPE, parse_fragment
from trio_sfu.whip.gate import Action, Gate, Grant
from trio_sfu.whip.lines import Way
from trio_sfu.whip.link import LinkEndedError
from trio_sfu.whip.problems import problem
from trio_sfu.whip.session import Opening, Session
from trio_sfu.whip.sessions import Sessions

_SDP: Final = "application/sdp"
_NO_STORE: Final = {"cache-control": "no-store"}
_ENDPOINT: Final = ("GET", "HEAD", "POST", "OPTIONS")
_SESSION: Final = ("GET", "HEAD", "PATCH", "DELETE", "OPTIONS")
_SENT: Final = "Authorization, Content-Type, If-Match"
_EXPOSED: Final = "Location, Link, ETag, Accept-Patch, Accept-Post, Retry-After"
_PREFLIGHT_S: Final = 7_200
_LONGEST_WATCHED: Final = 64

Work = Callable[[Request], Awaitable[Response]]
IceServers = Callable[[], Iterable[IceServer]]


def whip_routes(sessions: Sessions, gate: Gate, ice_servers: IceServers) -> list[Route]:
    """Return the routes. ``ice_servers``: the relays for a client that has not joined yet."""
    routes = []
    ways: tuple[tuple[Way, Action], ...] = (("whip", "publish"), ("whep", "watch"))
    for way, action in ways:
        answers = _Answers(way, action, sessions, gate, ice_servers)
        routes += [
            Route(f"/{way}/{{room}}", answers.endpoint, methods=list(_ENDPOINT)),
            Route(f"/{way}/{{room}}/{{session}}", answers.session, methods=list(_SESSION)),
        ]
    return routes


class _Answers:
    def __init__(
        self, way: Way, action: Action, sessions: Sessions, gate: Gate, ice_servers: IceServers
    ) -> None:
        self._way = way
        self._action = action
        self._sessions = sessions
        self._gate = gate
        self._ice_servers = ice_servers

    async def endpoint(self, request: Request) -> Response:
        match request.method:
            case "POST":
                return await self._told(request, self._open)
            case "OPTIONS":
                return await self._told(request, self._endpoint_options)
            case _:
                return await self._told(request, self._found)

    async def session(self, request: Request) -> Response:
        match request.method:
            case "PATCH":
                return await self._told(request, self._patch)
            case "DELETE":
                return await self._told(request, self._delete)
            case "OPTIONS":
                return await self._told(request, self._session_options)
            case _:
                return await self._told(request, self._there)

    async def _told(self, request: Request, work: Work) -> Response:
        """Answer with what ``work`` returns or raises, for pages of other origins too."""
        try:
            origin = self._gate.origin(request)
        except RequestError as refused:
            return problem(refused)
        try:
            response = await work(request)
        except (RequestError, LinkEndedError) as refused:
            response = problem(refused)
        response.headers["vary"] = "origin"
        if origin is not None:
            response.headers["access-control-allow-origin"] = origin
            response.headers["access-control-expose-headers"] = _EXPOSED
        return response

    # ---- the endpoint ------------------------------------------------------------------

    async def _open(self, request: Request) -> Response:
        grant = self._authorized(request)
        join = self._join(request, grant)
        offer = await read_text(request, _SDP)
        watch = request.query_params.get("peer") if self._way == "whep" else None
        if watch is not None and not 1 <= len(watch) <= _LONGEST_WATCHED:
            raise RequestError("peer is not an id or a name", code="bad-request")
        key, session = await self._sessions.open(
            Opening(self._way, join, offer, grant.address, watch)
        )
        response = Response(session.answer, 201, media_type=_SDP, headers=_NO_STORE)
        # Relative: only the client knows by which address it has come.
        response.headers["location"] = f"/{self._way}/{join.room}/{key}"
        response.headers["etag"] = session.etag
        response.headers["accept-patch"] = MEDIA_TYPE
        _link(response, session.ice_servers)
        return response

    def _join(self, request: Request, grant: Grant) -> Join:
        name = request.query_params.get("name") or self._way.upper()
        asked = {"room": request.path_params["room"], "name": name, "token": grant.token}
        try:
            return msgspec.convert(asked, Join)
        except msgspec.ValidationError as error:
            raise RequestError(f"not a room or a name: {error}", code="bad-request") from None

    async def _endpoint_options(self, request: Request) -> Response:
        response = _options(request, _ENDPOINT)
        response.headers["accept-post"] = _SDP
        if "access-control-request-method" not in request.headers:
            # For clients that cannot take them later (RFC 9725, section 4.6).
            self._authorized(request)
            _link(response, self._ice_servers())
        return response

    async def _found(self, request: Request) -> Response:
        self._authorized(request)
        if self._way == "whip":
            return Response(status_code=204, headers=_NO_STORE)
        # By this a player tells a WHEP endpoint from a playlist (section 4.2 of the draft).
        return Response(status_code=200, media_type=_SDP, headers=_NO_STORE)

    def _authorized(self, request: Request) -> Grant:
        return self._gate.authorize(request, request.path_params["room"], self._action)

    # ---- a session ---------------------------------------------------------------------

    async def _patch(self, request: Request) -> Response:
        session = self._session(request)
        fragment = parse_fragment(await read_text(request, MEDIA_TYPE))
        restarted = await session.patch(request.headers.get("if-match"), fragment)
        if restarted is None:
            return Response(status_code=204, headers=_NO_STORE)
        headers = _NO_STORE | {"etag": session.etag}
        return Response(restarted, 200, media_type=MEDIA_TYPE, headers=headers)

    async def _delete(self, request: Request) -> Response:
        await self._session(request).end()
        return Response(status_code=200, headers=_NO_STORE)

    async def _session_options(self, request: Request) -> Response:
        # Without asking for the session: a preflight request is no attempt to find one.
        response = _options(request, _SESSION)
        response.headers["accept-patch"] = MEDIA_TYPE
        return response

    async def _there(self, request: Request) -> Response:
        self._session(request)
        return Response(status_code=204, headers=_NO_STORE)

    def _session(self, request: Request) -> Session:
        given = request.path_params
        found = self._sessions.find(given["session"], self._way, given["room"])
        if found is None:
            raise RequestError("there is no such session, or none any more", code="not-found")
        return found


def _options(request: Request, methods: Iterable[str]) -> Response:
    allowed = ", ".join(methods)
    response = Response(status_code=200, headers={"allow": allowed})
    if "access-control-request-method" in request.headers:
        response.headers["access-control-allow-methods"] = allowed
        response.headers["access-control-allow-headers"] = _SENT
        response.headers["access-control-max-age"] = str(_PREFLIGHT_S)
    return response


def _link(response: Response, servers: Iterable[IceServer]) -> None:
    for server in servers:
        for link in _links(server):
            response.headers.append("link", link)


def _links(server: IceServer) -> Iterator[str]:
    credentials = ""
    if server.username is not None and server.credential is not None:
        credentials = (
            f'; username="{server.username}"; credential="{server.credential}"'
            '; credential-type="password"'
        )
    for url in server.urls:
        yield f'<{url}>; rel="ice-server"{credentials}'
