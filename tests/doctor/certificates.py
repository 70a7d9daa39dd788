"""Certificates that are good for a while, for a name, as settings name them."""

import datetime
import itertools
from pathlib import Path

from tests.listeners.certificates import make_certificate

_NUMBERS = itertools.count()


def certificate(folder: Path, begin: int, end: int, name: str = "localhost") -> list[str]:
    """Write a certificate good between two days from now; return the flags that name it."""
    since, until = datetime.timedelta(days=begin), datetime.timedelta(days=end)
    made = make_certificate(name, begin=since, end=until)
    number = next(_NUMBERS)
    files = [folder / f"{number}.{kind}" for kind in ("pem", "key")]
    for file, content in zip(files, made, strict=True):
        file.write_bytes(content)
    return ["--http-certificate", str(files[0]), "--http-key", str(files[1])]
