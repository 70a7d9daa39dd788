"""Logging: one readable line a fact on a terminal, one JSON object a line elsewhere."""

import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import fields
from typing import Any, Literal, TextIO

import msgspec
import structlog

from trio_sfu import events

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "text", "json"]


def configure(level: Level, form: Format = "auto", stream: TextIO = sys.stderr) -> None:
    """Set structlog up for the process; ``auto`` is text on a terminal, else JSON."""
    text = form == "text" or (form == "auto" and stream.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    renderers: list[Callable[[Any, str, MutableMapping[str, Any]], Any]] = (
        [
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            _without_causes,
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
        if text
        else [
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    # Libraries log through the standard module; only what they warn of is of interest.
    logging.basicConfig(
        level=logging.WARNING, stream=stream, force=True, format="%(name)s: %(message)s"
    )


def set_level(level: Level) -> None:
    """Log from this level on, from now on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(number))


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of one part of the daemon."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def lost_lines(count: int) -> str:
    """Return the line that stands for ``count`` lines that could not be written."""
    return json.dumps({"event": "log lines lost", "level": "warning", "lost": count})


def log_fact(fact: events.Fact) -> None:
    """Log ``fact`` as one entry; a failure with its record and, to be read, its cause tree."""
    values = {field.name: getattr(fact, field.name) for field in fields(fact)}
    failure: events.Failure | None = values.pop("failure", None)
    if failure is not None:
        record = msgspec.to_builtins(failure)
        values |= {name: record[name] for name in ("id", "code", "path", "causes")}
        values["exception"] = failure.text()
    getattr(structlog.get_logger(), fact.level)(" ".join(fact.words()), **values)


def _without_causes(
    _logger: Any,  # noqa: ANN401  (structlog's own type)
    _method: str,
    entry: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    # A terminal gets them as the lines of "exception".
    entry.pop("causes", None)
    return entry
