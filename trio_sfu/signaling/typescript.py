"""The messages as TypeScript: one interface a struct, literal unions, no ``any``."""

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from typing import get_args

from msgspec import NODEFAULT
from msgspec import inspect as shape

from trio_sfu.signaling import carried, codes, messages

_WIDTH = 100
_ALIASES = (
    "Source",
    "Quality",
    "Kind",
    "Connection",
    "LeaveReason",
    "VideoLimit",
    "Pause",
    "VideoCodec",
    "ModerationCode",
    "Reaction",
)


def render() -> str:
    """Return the text of ``client/src/protocol.ts``."""
    parts = [
        "// Generated from trio_sfu/signaling/messages.py by\n"
        "// `python -m trio_sfu.signaling.schema`. Do not edit.",
        _constants(),
    ]
    parts += [_union(name, _quoted(_literal_values(name))) for name in _ALIASES]
    parts.append(_union("ErrorCode", _quoted(codes.CODES)))
    for struct in reachable(messages.ServerMessage):
        parts.append(_interface(struct, defaults_are_sent=True))
    for struct in reachable(messages.ClientMessage):
        parts.append(_interface(struct, defaults_are_sent=False))
    parts.append(_union("ClientMessage", top_level(messages.ClientMessage)))
    parts.append(_union("ServerMessage", top_level(messages.ServerMessage)))
    return "\n\n".join(parts) + "\n"


def named(struct: type) -> str:
    """Return the TypeScript name of ``struct``: its own, unless that hides a global."""
    return {"Error": "ErrorMessage"}.get(struct.__name__, struct.__name__)


def top_level(union: object) -> list[str]:
    """Return the names of the structs in ``union``, in order."""
    return [named(struct.cls) for struct in _structs(union)]


def reachable(union: object) -> list[shape.StructType]:
    """Return the structs a message of ``union`` can carry, each after those it uses."""
    found: dict[str, shape.StructType] = {}

    def visit(type_: shape.Type) -> None:
        if isinstance(type_, shape.StructType):
            for field in type_.fields:
                visit(field.type)
            found.setdefault(named(type_.cls), type_)
        elif isinstance(type_, shape.ListType):
            visit(type_.item_type)
        elif isinstance(type_, shape.UnionType):
            for each in type_.types:
                visit(each)

    visit(shape.type_info(union))
    return list(found.values())


def described(type_: shape.Type) -> str:
    """Return ``type_`` as TypeScript."""
    if isinstance(type_, shape.StructType):
        return named(type_.cls)
    if isinstance(type_, shape.LiteralType):
        return _alias_of(type_.values) or " | ".join(_quoted(type_.values))
    if isinstance(type_, shape.ListType):
        return f"{described(type_.item_type)}[]"
    if isinstance(type_, shape.UnionType):
        return " | ".join(described(each) for each in type_.types)
    plain = {
        shape.StrType: "string",
        shape.IntType: "number",
        shape.FloatType: "number",
        shape.BoolType: "boolean",
        shape.NoneType: "null",
    }
    return plain[type(type_)]


def _structs(union: object) -> Iterator[shape.StructType]:
    info = shape.type_info(union)
    assert isinstance(info, shape.UnionType)  # noqa: S101  (a fact about messages.py)
    for each in info.types:
        assert isinstance(each, shape.StructType)  # noqa: S101  (the same)
        yield each


def _constants() -> str:
    room = shape.type_info(carried.RoomName)
    name = shape.type_info(carried.DisplayName)
    assert isinstance(room, shape.StrType)  # noqa: S101  (a fact about messages.py)
    assert isinstance(name, shape.StrType)  # noqa: S101  (the same)
    text = shape.type_info(carried.ChatText)
    assert isinstance(text, shape.StrType)  # noqa: S101  (the same)
    return "\n".join(
        [
            f'export const SUBPROTOCOL = "{messages.SUBPROTOCOL}";',
            f"export const MAX_MESSAGE_BYTES = {messages.MAX_MESSAGE_BYTES};",
            f"export const ROOM_NAME_PATTERN = /{room.pattern}/;",
            f"export const ROOM_NAME_MAX_LENGTH = {room.max_length};",
            f"export const DISPLAY_NAME_MAX_LENGTH = {name.max_length};",
            f"export const CHAT_TEXT_MAX_LENGTH = {text.max_length};",
        ]
    )


def _interface(struct: shape.StructType, *, defaults_are_sent: bool) -> str:
    lines = [
        *_comment(cleandoc(struct.cls.__doc__ or "")),
        f"export interface {named(struct.cls)} {{",
    ]
    if struct.tag is not None:
        lines.append(f'  type: "{struct.tag}";')
    for field in struct.fields:
        optional = not defaults_are_sent and _has_default(field)
        mark = "?" if optional else ""
        lines.append(f"  {field.encode_name}{mark}: {described(field.type)};")
    return "\n".join([*lines, "}"])


def _has_default(field: shape.Field) -> bool:
    return field.default is not NODEFAULT or field.default_factory is not NODEFAULT


def _comment(doc: str) -> list[str]:
    text = re.sub(r"``(.*?)``", r"`\1`", doc).splitlines()
    if len(text) == 1:
        return [f"/** {text[0]} */"]
    return ["/**", *(f" * {line}".rstrip() for line in text), " */"]


def _literal_values(name: str) -> tuple[object, ...]:
    return get_args(getattr(carried, name))


def _alias_of(values: Iterable[object]) -> str | None:
    for name in _ALIASES:
        if set(_literal_values(name)) == set(values):
            return name
    return None


def _quoted(values: Iterable[object]) -> list[str]:
    return [f'"{value}"' for value in values]


def _union(name: str, members: list[str]) -> str:
    line = f"export type {name} = {' | '.join(members)};"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"export type {name} =", *(f"  | {member}" for member in members)]) + ";"
