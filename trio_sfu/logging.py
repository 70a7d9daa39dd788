"""Logging: one readable line a fact on a terminal, one JSON object a line elsewhere."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from dataclasses import fields
from typing import Any, Final, Literal, TextIO

import msgspec
import structlog

from trio_sfu import events
from trio_sfu.log_limit import LineLimit

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "text", "json"]

LEFT_OUT: Final = "log lines left out"
_limit = LineLimit()
_limiting = threading.Lock()


def configure(
    level: Level, form: Format = "auto", stream: TextIO = sys.stderr, lines: int = 0
) -> None:
    """Set structlog up for the process; ``auto`` is text on a terminal, else JSON.

    ``lines``: how many may be written within a second; 0: all.
    """
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
            _limited,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    global _limit
    _limit = LineLimit(lines)
    # Libraries log through the standard module; only what they warn of is of interest.
    logging.basicConfig(
        level=logging.WARNING, stream=stream, force=True, format="%(name)s: %(message)s"
    )


def set_level(level: Level, lines: int = 0) -> None:
    """Log from this level on, at most so many ``lines`` a second (0: all), from now on."""
    _limit.lines = lines
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(number))


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of one part of the daemon."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def tell_left_out() -> None:
    """Write how many lines were left out, if that has not been said yet."""
    with _limiting:
        told = _limit.summary(time.monotonic())
    if told is not None:
        structlog.get_logger().warning(LEFT_OUT, lines=sum(told.values()), kinds=told)


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


def _limited(
    _logger: Any,  # noqa: ANN401  (structlog's own type)
    _method: str,
    entry: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    kind, level = str(entry.get("event")), str(entry.get("level"))
    if kind == LEFT_OUT:
        return entry
    # The thread that watches the loop logs as well.
    with _limiting:
        admitted = _limit.admits(time.monotonic(), kind, level)
    if not admitted:
        raise structlog.DropEvent
    return entry


def _without_causes(
    _logger: Any,  # noqa: ANN401  (structlog's own type)
    _method: str,
    entry: MutableMapping[str, Any],
) -> MutableMapping[str, Any]:
    # A terminal gets them as the lines of "exception".
    entry.pop("causes", None)
    return entry
