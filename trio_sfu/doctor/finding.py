"""What a check found."""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from msgspec import Struct, json, to_builtins

State: TypeAlias = Literal["ok", "warn", "fail"]
_WIDEST = 18


class Finding(Struct, frozen=True, kw_only=True):
    """``warn``: some calls, or some people, go without; ``fail``: there will be none.

    ``remedy`` is the way out.
    """

    check: str
    state: State
    message: str
    remedy: str = ""


def ok(check: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding(check=check, state="ok", message=message)


def warn(check: str, message: str, remedy: str) -> Finding:
    """Return that something is missing."""
    return Finding(check=check, state="warn", message=message, remedy=remedy)


def fail(check: str, message: str, remedy: str) -> Finding:
    """Return that it cannot work."""
    return Finding(check=check, state="fail", message=message, remedy=remedy)


def well(findings: Iterable[Finding]) -> bool:
    """Return whether calls can be had."""
    return all(each.state != "fail" for each in findings)


def as_text(findings: Iterable[Finding]) -> str:
    """Return a line for each finding, and one for each way out."""
    lines = []
    for each in findings:
        lines.append(f"{each.state:4}  {each.check:{_WIDEST}}  {each.message}")
        if each.remedy:
            lines.append(f"{'':4}  {'':{_WIDEST}}  → {each.remedy}")
    return "\n".join(lines) + "\n"


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings as one JSON object."""
    told = {"ok": well(findings), "checks": to_builtins(findings)}
    return json.format(json.encode(told), indent=2).decode() + "\n"
