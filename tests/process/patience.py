"""Waiting for something to become true, with a deadline and an explanation."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SLACK = 3.0
"""How much longer than a promised time a test waits before it gives up: the machine
may be busy. Where the time itself is the promise, ``took`` is compared with it."""


def eventually(look: Callable[[], T | None], *, within: float, why: str, every: float = 0.05) -> T:
    """Return ``look()``'s first truthy value; fail after ``within`` seconds, saying the last."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within} s for {why}; last seen: {seen!r}")
        time.sleep(every)


def took(look: Callable[[], object], *, within: float, why: str) -> float:
    """Return the seconds until ``look()`` is truthy."""
    started = time.monotonic()
    eventually(look, within=within, why=why, every=0.02)
    return time.monotonic() - started
