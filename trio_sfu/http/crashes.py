"""The crash group of a request: an error ends that request, and goes no further."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trio_sfu.events import Failure, Journal, RequestCrashed


class CrashGroup:
    """ASGI middleware: an error is noted once, and answered 500 with the failure's id."""

    def __init__(self, app: ASGIApp, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. One whose answer had begun is broken off."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            failure = self._note(scope, error)
            if not begun:
                await _answer(failure)(scope, receive, send)

    def _note(self, scope: Scope, error: Exception) -> Failure:
        # The name of what answers, not the path asked for: anything may be in that.
        endpoint = getattr(scope.get("endpoint"), "__name__", "request")
        failure = Failure.of(error, code="request-failed", path=f"http/{endpoint}")
        self._journal.note(RequestCrashed(failure))
        return failure


def _answer(failure: Failure) -> JSONResponse:
    told = {
        "code": failure.code,
        "message": "an error in the server; its operator finds it under the id",
        "failure": failure.id,
    }
    return JSONResponse(told, status_code=500, headers={"cache-control": "no-store"})
