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
from trio_sfu.config.self_signed import with_files
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
    naming the source, the key, and what would be right: a line for each thing that is wrong.
    """
    environment = environment or {}
    if file is None and environment.get(_FILE_VARIABLE):
        file = Path(environment[_FILE_VARIABLE])
    found = _Found()
    if file is not None:
        _from_file(file, found)
    _from_environment(environment, found)
    for dotted, text in (flags or {}).items():
        key = KEYS[dotted]
        found.text(key, text, f"flag {key.flag}")
    if found.wrong:
        raise ConfigError("\n".join(found.wrong))
    nested: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for dotted, value in found.values.items():
        key = KEYS[dotted]
        nested[key.section][key.name] = value
    config = msgspec.convert(nested, Config)
    try:
        config = with_files(config, environment)
        check(config)
    except ConfigError as error:
        raise ConfigError(found.placed(str(error)), code=error.code) from None
    return config


class _Found:
    """What the sources say, where, and what of it is wrong."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.wrong: list[str] = []
        self._places: dict[str, str] = {}

    def value(self, key: Key, value: object, where: str, *, strict: bool) -> None:
        try:
            self.values[key.dotted] = _converted(key, value, where, strict=strict)
            self._places[key.dotted] = where
        except ConfigError as error:
            self.wrong.append(str(error))

    def text(self, key: Key, text: str, where: str) -> None:
        value: object = text
        if key.is_list:
            value = [part.strip() for part in text.split(",") if part.strip()]
        self.value(key, value, where, strict=False)

    def placed(self, message: str) -> str:
        """Return a message that begins with a key, with where that was set before it."""
        dotted = message.split(maxsplit=1)[0].rstrip(":")
        where = self._places.get(dotted)
        return message if where is None else f"{where}: {message}"


def _from_file(file: Path, found: _Found) -> None:
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}", code="config-file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: is not TOML: {error}", code="config-file") from None
    for section, table in content.items():
        where = _place(file, text, section)
        if section not in SECTIONS:
            found.wrong.append(f"{where}: no section [{section}]. {_nearest(section, SECTIONS)}")
            continue
        if not isinstance(table, dict):
            found.wrong.append(f"{where}: {section} is a section: write [{section}]")
            continue
        for name, value in table.items():
            where = _place(file, text, name, section)
            key = KEYS.get(f"{section}.{name}")
            if key is None:
                names = [each.name for each in KEYS.values() if each.section == section]
                wrong = f"{where}: no key {section}.{name}. {_nearest(name, names)}"
                found.wrong.append(wrong)
                continue
            found.value(key, value, where, strict=True)


def _from_environment(environment: Mapping[str, str], found: _Found) -> None:
    variables = {key.variable: key for key in KEYS.values()}
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX) or name == _FILE_VARIABLE:
            continue
        if name not in variables:
            near = _nearest(name, [*variables, _FILE_VARIABLE])
            found.wrong.append(f"environment: no variable {name}. {near}")
            continue
        found.text(variables[name], text, f"environment variable {name}")


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
