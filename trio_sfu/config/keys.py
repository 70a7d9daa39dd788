"""The keys of the model, by name, with their types and what they allow."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import inspect as shape

from trio_sfu.config.model import Config


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: ``section.name``."""

    section: str
    name: str
    type: shape.Type

    @property
    def dotted(self) -> str:
        """The key as errors name it."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"TRIO_SFU_{self.section}_{self.name}".upper()

    @property
    def flag(self) -> str:
        """The command line flag that sets it."""
        return f"--{self.section}-{self.name}".replace("_", "-")

    @property
    def is_list(self) -> bool:
        """Whether text is split at commas."""
        return isinstance(self.type, shape.ListType)

    def allowed(self) -> str:
        """Say what values the key takes."""
        return _allowed(self.type)


def _allowed(type_: shape.Type) -> str:
    match type_:
        case shape.LiteralType(values=values):
            return "one of " + ", ".join(f'"{value}"' for value in values)
        case shape.ListType(item_type=item):
            return f"a list, each {_allowed(item)}"
        case shape.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case shape.FloatType(ge=0, le=high):
            return f"a number of seconds from 0 to {high}"
        case shape.FloatType(le=high):
            return f"a number of seconds above 0, at most {high}"
        case shape.BoolType():
            return "true or false"
        case _:
            return "a string"


def _keys() -> Iterator[Key]:
    config = shape.type_info(Config)
    assert isinstance(config, shape.StructType)  # noqa: S101  (a fact about model.py)
    for section in config.fields:
        assert isinstance(section.type, shape.StructType)  # noqa: S101  (the same)
        for each in section.type.fields:
            yield Key(section.name, each.name, each.type)


KEYS: dict[str, Key] = {key.dotted: key for key in _keys()}
SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(key.section for key in KEYS.values()))
