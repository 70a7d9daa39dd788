"""The command line.

Exit codes: 0 done, 1 an error that is a defect or that the doctor has found, 2 wrong flags or
settings.
"""

import faulthandler
import gc
import os
import sys
from functools import partial
from pathlib import Path
from typing import TextIO, cast

import click

from trio_sfu.activation import Inherited, differences, inherit
from trio_sfu.bench.command import bench
from trio_sfu.config.flags import ConfigTrouble, read, read_or_end, settings
from trio_sfu.config.model import Config
from trio_sfu.config.ports import told_ports
from trio_sfu.console.command import rooms, timeline, top
from trio_sfu.errors import ConfigError
from trio_sfu.systemd.command import install_service, uninstall_service
from trio_sfu.tree.command import drain, kick, tree

_STDIN, _STDERR = 0, 2
_AS_IT_IS = {"ignore_unknown_options": True, "allow_interspersed_args": False}


def _inherited(file: Path | None, flags: dict[str, str | None]) -> tuple[Inherited, Config]:
    """Return the sockets that systemd has opened, and the settings with their addresses."""
    config = read_or_end(file, flags)
    try:
        inherited = inherit(os.environ)
        return inherited, inherited.over(config)
    except ConfigError as error:
        raise ConfigTrouble(str(error)) from None


def _tell_differences(written: Config, effective: Config) -> None:
    from trio_sfu import logging

    if keys := list(differences(written, effective)):
        logging.get("daemon").warning(
            "the socket units have other addresses, or fewer ports, than the settings; theirs "
            "count; `trio-sfu install-service --now` opens them anew",
            keys=keys,
        )


def _keep_certificate(config: Config) -> None:
    if config.http.tls != "self-signed":
        return
    from trio_sfu import logging
    from trio_sfu.listeners.self_signed import keep_certificate

    fingerprint = keep_certificate(config)
    logging.get("daemon").warning(
        "the certificate is the daemon's own: browsers warn of it, and show this fingerprint",
        sha256=fingerprint,
        file=config.http.certificate,
    )


@click.group()
@click.version_option(package_name="trio-sfu", prog_name="trio-sfu")
def main() -> None:
    """Meet through a WebRTC SFU that leaves nothing behind."""


@main.command()
@settings
def serve(file: Path | None, **flags: str | None) -> None:
    """Run the daemon until SIGTERM or Ctrl-C.

    Settings are described in conf/trio-sfu.toml. Every one can be given in a file, as a
    variable TRIO_SFU_SECTION_KEY and as a flag; lists are written a,b.
    """
    inherited, config = _inherited(file, flags)
    # An upgrade costs everybody in a call the time of the start. What is loaded now stays: to
    # look through it for garbage takes an eighth of that, and later a part of each collection.
    gc.disable()
    # Here, so that the other commands start quickly.
    import trio

    from trio_sfu import logging, serving
    from trio_sfu.log_output import open_output
    from trio_sfu.overload.descriptors import raise_limit

    gc.freeze()
    gc.enable()
    _open_standard_streams()
    raise_limit()
    # systemd's watchdog sends SIGABRT: the journal then has where every thread hangs.
    faulthandler.enable(_STDERR)
    with open_output(_STDERR, logging.lost_lines) as output:
        out = cast("TextIO", output)
        lines = config.log.lines_per_second
        logging.configure(config.log.level, config.log.format, out, lines)
        try:
            # With a terminal, SIGHUP says that it is gone.
            again = None if os.isatty(_STDIN) else lambda: inherited.over(read(file, flags))
            _tell_differences(read(file, flags), config)
            _keep_certificate(config)
            serve_it = partial(serving.serve, config, load=again, inherited=inherited)
            well = trio.run(serve_it)
        except* ConfigError as group:
            sys.exit(_told(group))
    sys.exit(0 if well else 1)


@main.command()
@click.option("--seed", type=int, default=0, show_default=True, help="The first story.")
@click.option("--steps", type=click.IntRange(1), default=100, show_default=True)
@click.option("--seconds", type=float, default=0.0, help="Goes on until it has lasted so long.")
@click.option("--seeds", type=click.IntRange(1), help="So many stories; tell the broken ones.")
@click.option("--jobs", type=click.IntRange(1), help="Processes for --seeds; one a core.")
@click.option("--workers", type=click.IntRange(1), default=1, help="Of the engine; one.")
def simulate(
    seed: int, steps: int, seconds: float, seeds: int | None, jobs: int | None, workers: int
) -> None:
    """Run the whole SFU on a virtual clock with made-up clients, networks and accidents.

    Prints the story of the seed; the same seed, steps and seconds tell the same story. Exits
    with 1 when something was seen that must not be.
    """
    from trio_sfu.testing import simulation

    if seeds is None:
        outcome = simulation.simulate(seed, steps, seconds=seconds, workers=workers)
        click.echo(outcome.story, nl=False)
        sys.exit(outcome.broken is not None)
    broken, lasted = 0, 0.0
    told_of = range(seed, seed + seeds)
    for told in simulation.simulate_many(told_of, steps, seconds, jobs=jobs, workers=workers):
        lasted += told.seconds
        broken += told.broken is not None
        click.echo(told.story, nl=False)
        click.echo(f"seed {told.seed}: {told.broken or 'as it must be'}")
    click.echo(f"{seeds} stories, {lasted / 3600:.1f} hours in all, {broken} broken")
    sys.exit(broken > 0)


@main.command("check-config")
@settings
def check_config(file: Path | None, **flags: str | None) -> None:
    """Say whether the settings are right, and which ports media has, without starting anything."""
    config = read_or_end(file, flags)
    click.echo(f"The settings are right. Media: {told_ports(config.media)}.")


@main.command()
@settings
@click.option("--url", help="Where people open the page, through a proxy if there is one.")
@click.option("--outside", is_flag=True, help="This is another machine; needs --url.")
@click.option("--json", "as_object", is_flag=True, help="One JSON object instead of lines.")
def doctor(
    file: Path | None, url: str | None, *, outside: bool, as_object: bool, **flags: str | None
) -> None:
    """Say what keeps, or would keep, people from calling, and the way out.

    Asks the daemon that is running, or starts one for a moment, and has it send media to
    itself. Exits with 1 when a check has failed.
    """
    from trio_sfu import logging
    from trio_sfu.doctor.examine import examine
    from trio_sfu.doctor.finding import as_json, as_text, well

    if outside and url is None:
        raise click.UsageError("--outside needs --url: where people open the page")
    # Only of the daemon it may start: the causes of what has failed.
    logging.configure("error", "text")
    found = []
    for finding in examine(lambda: read(file, flags), url, outside=outside):
        found.append(finding)
        if not as_object:
            click.echo(as_text([finding]), nl=False)
    if as_object:
        click.echo(as_json(found), nl=False)
    sys.exit(0 if well(found) else 1)


@main.command()
@settings
@click.option("--seconds", type=click.FloatRange(0.5, 600), default=6.0, show_default=True)
@click.option(
    "--subscribers",
    type=click.IntRange(1, 500),
    default=50,
    show_default=True,
    help="So many get what one publishes.",
)
@click.option(
    "--headroom",
    type=click.IntRange(1, 100),
    default=60,
    show_default=True,
    help="Percent of a core that may be used.",
)
@click.option("--json", "as_object", is_flag=True, help="One JSON object instead of lines.")
def size(
    file: Path | None,
    seconds: float,
    subscribers: int,
    headroom: int,
    *,
    as_object: bool,
    **flags: str | None,
) -> None:
    """Predict how many people this machine carries, from a short run.

    Sends sound and pictures through a packet engine of its own, over loopback, and has some
    people join. Needs no daemon, and leaves one that runs alone.
    """
    config = read_or_end(file, flags)
    # Here, so that the other commands start quickly.
    from trio_sfu.overload.descriptors import raise_limit
    from trio_sfu.sizing.command import size_up
    from trio_sfu.sizing.report import as_json, as_text
    from trio_sfu.trial.errors import TrialError

    raise_limit()
    try:
        report = size_up(config, seconds=seconds, subscribers=subscribers, headroom=headroom / 100)
    except TrialError as error:
        raise click.ClickException(f"{error} ({error.code})") from None
    click.echo(as_json(report) if as_object else as_text(report), nl=False)


@main.command("token", add_help_option=False, context_settings=_AS_IT_IS)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def token(arguments: tuple[str, ...]) -> None:
    """Make join tokens and keys, or explain a token."""
    # Here, so that the other commands start quickly.
    from trio_sfu.token_command import token as command

    command.main(list(arguments), prog_name="trio-sfu token")


main.add_command(bench)
main.add_command(tree)
main.add_command(rooms)
main.add_command(top)
main.add_command(timeline)
main.add_command(kick)
main.add_command(drain)
main.add_command(install_service)
main.add_command(uninstall_service)


def _open_standard_streams() -> None:
    """Give the process the three descriptors it was started without.

    Else the first socket is opened as number 2, and a message to stderr goes to a client.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(number)


def _told(group: BaseExceptionGroup[ConfigError]) -> int:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _told(error)
        else:
            click.echo(f"Error: {error}", err=True)
    return ConfigTrouble.exit_code
