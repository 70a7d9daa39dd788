"""Makes a run repeatable: what is drawn at random, and in which order tasks run.

Trio runs the tasks that are ready in a random order on purpose. It has a switch, made for
Hypothesis, that takes this order from a generator that can be seeded. Both are private
names; ``tests/simulation`` fails when they move, for then equal seeds differ.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import trio

_SCHEDULER = trio._core._run


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Take every random bit of the process (``secrets``, too) from ``seed``.

    Never where a secret has to be one.
    """
    bits = random.Random(f"bits {seed}").randbytes
    generator = getattr(_SCHEDULER, "_r")  # noqa: B009
    before = generator.getstate()
    generator.seed(seed)
    with (
        patch.object(random, "_urandom", bits),
        patch.object(os, "urandom", bits),
        patch.object(_SCHEDULER, "_ALLOW_DETERMINISTIC_SCHEDULING", new=True),
    ):
        try:
            yield
        finally:
            generator.setstate(before)
