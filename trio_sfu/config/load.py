"""Read the settings: defaults, then file, environment and flags, the later one winning."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from trio_sfu.config.keys import KEYS, SECTIONS, Key
from trio_sfu.config.model import Config
from trio_sfu.config.rules import check
from trio_sfu.errors import ConfigError

_PREFIX = "TRIO_SFU_"
_FILE_VARIABLE = "TRIO_SFU_CONFIG"


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, str] | None = None,
) -> Config:
    """Return the settings.

    ``flags`` are texts by dotted key (``http.port``). Raises ConfigError, its message
    naming the source, the key, and what would be right.
    """
    environment = environment or {}
    if file is None and environment.get(_FILE_VARIABLE):
        file = Path(environment[_FILE_VARIABLE])
    found: dict[str, Any] = {}
    if file is not None:
        found |= _from_file(file)
    found |= _from_environment(environment)
    for dotted, text in (flags or {}).items():
        key = KEYS[dotted]
        found[dotted] = _from_text(key, text, f"flag {key.flag}")
    nested: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for dotted, value in found.items():
        key = KEYS[dotted]
        nested[key.section][key.name] = value
    config = msgspec.convert(nested, Config)
    check(config)
    return config


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}", code="config-file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: is not TOML: {error}", code="config-file") from None
    found: dict[str, Any] = {}
    for section, table in content.items():
        where = _place(file, text, section)
        if section not in SECTIONS:
            raise ConfigError(f"{where}: no section [{section}]. {_nearest(section, SECTIONS)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{where}: {section} is a section: write [{section}]")
        for name, value in table.items():
            where = _place(file, text, name, section)
            key = KEYS.get(f"{section}.{name}")
            if key is None:
                names = [each.name for each in KEYS.values() if each.section == section]
                raise ConfigError(f"{where}: no key {section}.{name}. {_nearest(name, names)}")
            found[key.dotted] = _converted(key, value, where, strict=True)
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    variables = {key.variable: key for key in KEYS.values()}
    found: dict[str, Any] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX) or name == _FILE_VARIABLE:
            continue
        if name not in variables:
            raise ConfigError(
                f"environment: no variable {name}. {_nearest(name, [*variables, _FILE_VARIABLE])}"
            )
        key = variables[name]
        found[key.dotted] = _from_text(key, text, f"environment variable {name}")
    return found


def _from_text(key: Key, text: str, where: str) -> Any:  # noqa: ANN401  (any key's type)
    value: object = text
    if key.is_list:
        value = [part.strip() for part in text.split(",") if part.strip()]
    return _converted(key, value, where, strict=False)


def _converted(key: Key, value: object, where: str, *, strict: bool) -> Any:  # noqa: ANN401
    try:
        return getattr(
            getattr(
                msgspec.convert({key.section: {key.name: value}}, Config, strict=strict),
                key.section,
            ),
            key.name,
        )
    except msgspec.ValidationError:
        raise ConfigError(
            f"{where}: {key.dotted} is {value!r}; it must be {key.allowed()}"
        ) from None


def _place(file: Path, text: str, name: str, section: str | None = None) -> str:
    """Return ``file:line`` of a section or of a key in it, as well as a scan can tell."""
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            current = stripped.strip("[] ").split("]")[0].strip()
            if section is None and current == name:
                return f"{file}:{number}"
        elif current == section and stripped.partition("=")[0].strip(" \"'") == name:
            return f"{file}:{number}"
    return str(file)


def _nearest(name: str, names: list[str] | tuple[str, ...]) -> str:
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return f"{hint}There are: {', '.join(names)}"
