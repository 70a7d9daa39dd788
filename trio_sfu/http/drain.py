"""``/api/v1/drain``: empty the daemon before it stops, see how that stands, take it back."""

from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from trio_sfu.http.bodies import read_json
from trio_sfu.http.operations import Operation, answer
from trio_sfu.http.refusals import CodedError
from trio_sfu.rooms.drain import Drain, DrainFinalError, DrainState


class DrainRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How many seconds rooms may go on; without ``deadline`` that of the settings counts."""

    deadline: Annotated[float, Meta(ge=0, le=86_400)] | None = None


def drain_operations(drain: Drain) -> list[Operation]:
    """Return what can be done."""
    does = _Answers(drain)
    return [
        Operation("GET", "/drain", does.drain, DrainState),
        Operation(
            "POST",
            "/drain",
            does.begin_drain,
            DrainState,
            body=DrainRequest,
            optional_body=True,
            errors=("bad-request", "body-timeout", "body-too-large"),
        ),
        Operation("DELETE", "/drain", does.cancel_drain, DrainState, errors=("drain-final",)),
    ]


class _Answers:
    def __init__(self, drain: Drain) -> None:
        self._drain = drain

    async def drain(self, _request: Request) -> Response:
        """Show whether the daemon is being emptied, and until when."""
        return answer(self._drain.state())

    async def begin_drain(self, request: Request) -> Response:
        """Empty the daemon: no new rooms, and everybody is told until when."""
        asked = await read_json(request, DrainRequest, DrainRequest())
        self._drain.begin(asked.deadline)
        return answer(self._drain.state())

    async def cancel_drain(self, _request: Request) -> Response:
        """Take the drain back."""
        try:
            self._drain.cancel()
        except DrainFinalError as error:
            raise CodedError(error.code, str(error)) from None
        return answer(self._drain.state())
