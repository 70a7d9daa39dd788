"""The operators' page, which shows the live tree and ends parts of it."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from trio_sfu.http.operators import Operators
from trio_sfu.http.page import Page

_FOLDER = Path(__file__).parent / "operator_page"


def admin_routes(operators: Operators) -> list[Route]:
    """Return the routes of the page."""
    answers = _Answers(operators)
    return [
        Route("/admin/tree", answers.page),
        Route("/admin/assets/{name}", answers.asset),
    ]


class _Answers:
    def __init__(self, operators: Operators) -> None:
        self._operators = operators
        self._page = Page(_FOLDER)

    async def page(self, request: Request) -> Response:
        self._operators.require_for_page(request)
        return self._file(request, "tree.html")

    async def asset(self, request: Request) -> Response:
        return self._file(request, request.path_params["name"])

    def _file(self, request: Request, name: str) -> Response:
        found = self._page.file(request, name)
        if found is None:
            raise HTTPException(404, "there is no such file")
        return found
