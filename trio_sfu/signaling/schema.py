"""Generate what others read of the protocol: JSON Schema, TypeScript, documentation.

``python -m trio_sfu.signaling.schema`` writes the files of a source tree;
``--check`` only says which of them have drifted (exit code 1).
"""

import json
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from trio_sfu.signaling import messages, protocol_page, typescript

_ROOT = Path(__file__).resolve().parents[2]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of both directions, under ``$defs``."""
    (client, server), definitions = msgspec.json.schema_components(
        [messages.ClientMessage, messages.ServerMessage], ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": messages.SUBPROTOCOL,
        "$defs": definitions | {"ClientMessage": client, "ServerMessage": server},
        "anyOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerMessage"}],
    }


def generated() -> dict[str, str]:
    """Return the text of each generated file by its path in the source tree."""
    return {
        "client/src/protocol.ts": typescript.render(),
        "docs/protocol.md": protocol_page.render(),
        "docs/protocol.schema.json": json.dumps(json_schema(), indent=2) + "\n",
    }


def drifted(root: Path = _ROOT) -> list[str]:
    """Return the files below ``root`` that are not what the messages say."""
    return [
        name
        for name, text in generated().items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != text
    ]


@click.command()
@click.option("--check", is_flag=True, help="Only say which files have drifted.")
def main(*, check: bool) -> None:
    """Write the files generated from the signaling messages."""
    stale = drifted()
    if check:
        for name in stale:
            click.echo(f"{name} has drifted: run python -m trio_sfu.signaling.schema", err=True)
        sys.exit(1 if stale else 0)
    texts = generated()
    for name in stale:
        path = _ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[name], encoding="utf-8")
        click.echo(name)


if __name__ == "__main__":
    main()
