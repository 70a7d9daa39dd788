"""Which tests that speak both languages of the page speak one of them: see docs/testing.md."""

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

_LANGUAGE = re.compile(r"\b(en|fr)(-US|-FR)?\b")


def by_turns(names: Iterable[str]) -> set[str]:
    """Return the names of tests to leave out, so that of two that differ in language one is left.

    Half of them are left in each language, always the same ones. A test that was chosen in one
    language alone stays.
    """
    same: dict[str, list[str]] = {}
    for name in names:
        same.setdefault(_LANGUAGE.sub("", name), []).append(name)
    return {other for key, each in same.items() for other in _others(key, sorted(each))}


def _others(key: str, names: Sequence[str]) -> Iterable[str]:
    kept = names[crc32(key.encode()) % len(names)]
    return (name for name in names if name != kept)
