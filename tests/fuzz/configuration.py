"""A configuration: a TOML file, environment variables and flags."""

import os
from pathlib import Path

from tests.fuzz.reading import Input
from trio_sfu.config.keys import KEYS
from trio_sfu.config.load import load
from trio_sfu.config.model import Config
from trio_sfu.errors import ConfigError

NAMES = sorted(KEYS)


def configuration(data: bytes) -> None:
    """Whatever is written is a configuration, or an error that says what is wrong."""
    source = Input(data)
    choices = source.byte()
    environment, flags = {}, {}
    for _ in range(choices & 3):
        environment[KEYS[source.choose(NAMES)].variable] = source.text()
    for _ in range(choices >> 2 & 3):
        flags[source.choose(NAMES)] = source.text()
    text = structured(source) if choices & 0x80 else source.rest()
    # A file that is in memory only, and gone with its descriptor.
    descriptor = os.memfd_create("trio-sfu.toml")
    try:
        os.write(descriptor, text)
        check(Path(f"/proc/self/fd/{descriptor}"), environment, flags)
    finally:
        os.close(descriptor)


def check(file: Path, environment: dict[str, str], flags: dict[str, str]) -> None:
    """Load it, and look at what comes of it."""
    try:
        config = load(file, environment, flags)
    except ConfigError as error:
        check_refusal(error)
    else:
        assert isinstance(config, Config)
        assert load(file, environment, flags) == config


def check_refusal(error: ConfigError) -> None:
    """It has a code and says something."""
    assert error.code.startswith("config-")
    assert str(error)


def structured(source: Input) -> bytes:
    """Return TOML that has known keys, with values of the bytes' choice."""
    lines: list[str] = []
    while source and len(lines) < 64:
        key = KEYS[source.choose(NAMES)]
        value = source.choose(
            ['"x"', "1", "-1", "true", "[]", "1e400", "nan", '["a","a"]', "{a=1}", "1979-05-27"]
        )
        if source.byte() & 1:
            value = source.text()
        lines.append(f"[{key.section}]\n{key.name} = {value}")
    return "\n".join(lines).encode(errors="replace")
