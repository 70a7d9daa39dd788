"""``trio-sfu bench``."""

import sys

import click

from trio_sfu.bench.workloads import NAMES, PROFILES


@click.command()
@click.argument("workloads", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--seconds",
    type=click.FloatRange(0.3, 600),
    default=5.0,
    show_default=True,
    help="For each workload, all rounds together.",
)
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True)
@click.option(
    "--subscribers",
    type=click.IntRange(1, 500),
    default=50,
    show_default=True,
    help="So many get what one publishes; as many make up the rooms of three.",
)
@click.option(
    "--profile",
    "profiles",
    type=click.Choice(list(PROFILES)),
    multiple=True,
    default=("gcm",),
    show_default=True,
    help="AEAD_AES_128_GCM or AES128_CM_HMAC_SHA1_80; may be given twice.",
)
@click.option("--json", "as_object", is_flag=True, help="One JSON object instead of lines.")
def bench(
    workloads: tuple[str, ...],
    seconds: float,
    rounds: int,
    subscribers: int,
    profiles: tuple[str, ...],
    *,
    as_object: bool,
) -> None:
    """Measure what forwarding a packet costs on this host, beside the host's own floor.

    WORKLOADS are some of video-bursts, video-paced, even, audio, many-rooms and joins; without
    any, all of them. Sends through a packet engine of its own, over loopback. Needs no daemon,
    and leaves one that runs alone.
    """
    # Here, so that the other commands start quickly.
    from trio_sfu.bench.report import as_json, as_text
    from trio_sfu.bench.running import Plan
    from trio_sfu.bench.suite import measure_all
    from trio_sfu.overload.descriptors import raise_limit
    from trio_sfu.trial.errors import TrialError

    raise_limit()
    plan = Plan(seconds, rounds)
    try:
        report = measure_all(workloads, profiles, subscribers=subscribers, plan=plan, tell=_tell)
    except TrialError as error:
        raise click.ClickException(f"{error} ({error.code})") from None
    click.echo(as_json(report) if as_object else as_text(report), nl=False)


def _tell(line: str) -> None:
    """Tell who waits for it what goes on; a program does not wait so."""
    if sys.stderr.isatty():
        click.echo(line, err=True)
