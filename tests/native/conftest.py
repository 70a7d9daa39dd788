"""The engines of a test."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.native.peers import LOOPBACK, Address, Start
from trio_sfu._native import Engine


@pytest.fixture
def start() -> Iterator[Start]:
    engines: list[Engine] = []

    def start(addresses: Sequence[Address] = LOOPBACK, **options: Any) -> Engine:
        engine = Engine(addresses=addresses, **options)
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(start: Start) -> Engine:
    return start()
