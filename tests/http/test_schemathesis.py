"""What a stranger makes of the document, against a daemon: right requests and wrong ones.

schemathesis makes requests of the OpenAPI document and holds each answer against it. Seeds are
fixed and examples few: the same requests each time.
"""

from pathlib import Path
from typing import Any, Final

import pytest
import schemathesis
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode

from tests.client.calling import running_daemon
from trio_sfu.client import connect
from trio_sfu.http import api

TOKEN = "a-token-of-operators-0815"  # noqa: S105  (of this test)
SHOWN: Final = {"authorization": f"Bearer {TOKEN}"}
ROOM: Final = "standup"
EXAMPLES: Final = 5
SLOW: Final = {"self_test": 2}
"""What takes time by itself is asked less often."""
ENDS: Final = {"close_room", "remove_peer", "move_peer", "drain"}
"""What would leave nothing to ask the others about."""


class Stranger:
    """Asks a daemon for everything that its document has."""

    def __init__(self, url: str, peer: str) -> None:
        self.url = f"{url}/api/v1/openapi.json"
        self.peer = peer
        self.asked: set[str] = set()
        self.statuses: set[int] = set()
        self.wrong: list[str] = []

    def ask(self) -> None:
        schema = schemathesis.openapi.from_url(self.url, headers=SHOWN)
        for each in schema.get_all_operations():
            operation = each.ok()  # type: ignore[union-attr]
            for mode in GenerationMode:
                try:
                    self._ask(operation, mode)
                except Unsatisfiable:
                    # Nothing of it can be wrong.
                    assert mode is GenerationMode.NEGATIVE
                except BaseExceptionGroup as found:
                    wrong = [str(each) for each in found.exceptions]
                    self.wrong.append(f"{operation.label}, {mode.value}: {wrong}")

    def _ask(self, operation: Any, mode: GenerationMode) -> None:
        name = operation.definition.raw["operationId"]
        there = {"room": ROOM, "peer": self.peer}

        @settings(
            max_examples=SLOW.get(name, EXAMPLES),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            if mode is GenerationMode.POSITIVE and name not in ENDS:
                # Else hardly anybody would be found.
                for key in there.keys() & case.path_parameters.keys():
                    case.path_parameters[key] = there[key]
            # What cannot be had for now is a 503 that is documented.
            answer = case.call_and_validate(headers=SHOWN, excluded_checks=[not_a_server_error])
            self.asked.add(name)
            self.statuses.add(answer.status_code)

        one()


# The daemon draws random numbers in the other thread, which has nothing to do with the requests.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
async def test_every_answer_is_one_that_is_documented(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    async with (
        running_daemon(admin__token_file=str(file)) as daemon,
        connect(daemon.url, room=ROOM, name="ann", pairs=0) as ann,
    ):
        daemon.journal.recent.end()  # So that streams of events end.
        stranger = Stranger(daemon.url, ann.id)
        await trio.to_thread.run_sync(stranger.ask)
        assert stranger.wrong == []
        # The document itself was asked for to begin with.
        operations = {each.name for each in api.operations(daemon)}
        assert stranger.asked == operations - {"openapi"}
        assert {200, 201, 204, 400, 404, 409} <= stranger.statuses
        # Whatever was asked, no call was touched and nothing has failed.
        assert 500 not in stranger.statuses
        assert ann.ended is None
        assert list(daemon.journal.failures.recent()) == []
