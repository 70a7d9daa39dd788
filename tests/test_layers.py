"""Imports go down only, and asyncio stays in its corner (docs/architecture.md)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "trio_sfu"

# Lower may not import higher; what has the same height may not import each other.
HEIGHTS = {
    "cli": 9,
    "testing": 8,
    "doctor": 8,
    "sizing": 8,
    "bench": 8,
    "trial": 7,
    "console": 8,
    "serving": 7,
    "daemon": 6,
    "media_port": 5,
    "announcing": 5,
    "reachability": 5,
    "activation": 1,
    "systemd": 7,
    "notify": 5,
    "census": 5,
    "tree": 5,
    "token_command": 5,
    "listeners": 5,
    "whip": 5,
    "client": 4,
    "self_test": 4,
    "http": 4,
    "signaling": 4,
    "rooms": 3,
    "liveness": 1,
    "webhooks": 1,
    "webrtc": 2,
    "overload": 2,
    "media": 1,
    "_native": 0,
    "logging": 0,
    "services": 0,
    "log_output": 0,
    "log_limit": -1,
    "config": 0,
    "control_groups": -1,
    "access": -1,
    "events": -1,
    "stun": -1,
    "vocabulary": -2,
    "ids": -2,
    "errors": -2,
}
# The words of the protocol: a leaf that everybody may use, whatever folder it is in.
VOCABULARY = {f"trio_sfu.signaling.{name}" for name in ("carried", "messages", "codes")}
ALLOWED = {
    ("http", "tree"),  # the type of what it shows
    ("census", "listeners"),  # who asks does not count its own connection
}
ASYNCIO = {"asyncio", "aiortc", "aioice", "trio_asyncio", "pylibsrtp", "av"}
# libsrtp alone is no asyncio: it is the end of SRTP of clients that are no browsers.
CLIENTS = {
    "trio_sfu.testing.simulation.transport",
    "trio_sfu.trial.client",
    "trio_sfu.bench.viewer",
}


def modules() -> Iterator[tuple[str, Path]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), file


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            assert node.module is not None
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (
                    whole
                    if (ROOT / whole.replace(".", "/")).with_suffix(".py").is_file()
                    or (ROOT / whole.replace(".", "/")).is_dir()
                    else node.module
                )


def layer(module: str) -> str | None:
    if module in VOCABULARY:
        return "vocabulary"
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def test_every_module_has_a_height() -> None:
    assert {layer(name) for name, _ in modules()} - {None} <= set(HEIGHTS)


@pytest.mark.parametrize(("name", "file"), list(modules()), ids=lambda value: str(value))
def test_imports_go_down(name: str, file: Path) -> None:
    own = layer(name)
    if own is None:
        return
    for imported in imports(file):
        if imported.partition(".")[0] != "trio_sfu":
            continue
        other = layer(imported)
        if other is None or other == own or (own, other) in ALLOWED:
            continue
        assert HEIGHTS[other] < HEIGHTS[own], f"{name} imports {imported}"


@pytest.mark.parametrize(("name", "file"), list(modules()), ids=lambda value: str(value))
def test_only_webrtc_knows_asyncio(name: str, file: Path) -> None:
    used = {imported.partition(".")[0] for imported in imports(file)} & ASYNCIO
    if name in CLIENTS:
        used -= {"pylibsrtp"}
    assert not used or layer(name) == "webrtc", f"{name} imports {used}"


def test_an_upward_import_would_be_noticed(tmp_path: Path) -> None:
    file = tmp_path / "x.py"
    file.write_text("from trio_sfu.rooms import registry\nimport trio_sfu.daemon\n")
    assert [layer(each) for each in imports(file)] == ["rooms", "daemon"]
    assert HEIGHTS["daemon"] > HEIGHTS["rooms"] > HEIGHTS["media"]
