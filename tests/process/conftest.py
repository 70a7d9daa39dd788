"""Fixtures of the tests with the daemon as a process."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def rubbish() -> Iterator[None]:
    """Have what a test has left unclosed be said in that test, not in a later one."""
    yield
    gc.collect()
