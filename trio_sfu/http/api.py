"""All of `/api/v1`, and the file that describes it.

``python -m trio_sfu.http.api`` writes the file of a source tree; ``--check`` only says whether
it has drifted (exit code 1).
"""

import sys
from pathlib import Path
from typing import Final, Protocol, cast

import click
import msgspec

from trio_sfu.events import Journal
from trio_sfu.http.drain import drain_operations
from trio_sfu.http.events import event_operations
from trio_sfu.http.openapi import description, document
from trio_sfu.http.operations import Operation
from trio_sfu.http.peers import peer_operations
from trio_sfu.http.rooms import room_operations
from trio_sfu.http.status import Overseen, status_operations
from trio_sfu.http.timelines import timeline_operations
from trio_sfu.rooms.drain import Drain
from trio_sfu.rooms.operating import Operating

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


class Operated(Overseen, Protocol):
    """What operators see and do of the daemon."""

    @property
    def operating(self) -> Operating:
        """What they may do to its rooms."""
        ...

    @property
    def drain(self) -> Drain:
        """Whether the daemon is being emptied, and until when."""
        ...

    @property
    def journal(self) -> Journal:
        """What happens in it."""
        ...


def operations(daemon: Operated) -> list[Operation]:
    """Return all that the API does."""
    found = [
        *status_operations(daemon),
        *room_operations(daemon.operating),
        *peer_operations(daemon.operating),
        *drain_operations(daemon.drain),
        *event_operations(daemon.journal),
        *timeline_operations(daemon.journal),
    ]
    found.append(description(found))
    return found


class _Nobody:
    """Stands for a daemon where operations are only described."""

    operating = drain = journal = None


def rendered() -> bytes:
    """Return the text of the file."""
    described = document(operations(cast("Operated", _Nobody())))
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"


def drifted(file: Path = FILE) -> bool:
    """Return whether the file is not what the code says."""
    return not file.is_file() or file.read_bytes() != rendered()


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the file has drifted.")
def main(*, check: bool) -> None:
    """Write the OpenAPI document of the API."""
    if check:
        if drifted():
            click.echo(f"{FILE.name} has drifted: run python -m trio_sfu.http.api", err=True)
        sys.exit(drifted())
    FILE.write_bytes(rendered())


if __name__ == "__main__":
    main()
