"""Fixtures of the tests with clients and connections."""

import gc
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def leftovers() -> Iterator[None]:
    """Have what a test leaves unclosed, or running, be said in that test."""
    yield
    gc.collect()
    decoders = [each.name for each in threading.enumerate() if each.name.endswith("-decoder")]
    assert not decoders
