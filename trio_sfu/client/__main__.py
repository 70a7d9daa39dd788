"""A bot: ``python -m trio_sfu.client http://127.0.0.1:8080 --room demo``.

Publishes a made-up picture and a tone (or a file), and says once a second what it
sees and hears. When the session is lost it comes back.
"""

from typing import TextIO

import click
import trio

from trio_sfu.client.client import Client
from trio_sfu.client.errors import ClientError
from trio_sfu.client.staying import stay
from trio_sfu.webrtc.sources import File, SyntheticVideo, Tone


@click.command(context_settings={"show_default": True})
@click.argument("url")
@click.option("--room", default="demo", help="The room to join.")
@click.option("--name", default="bot", help="The name the others see.")
@click.option(
    "--token-file",
    type=click.File(),
    help="A file with a join token, where the daemon asks for one; -: standard input.",
)
@click.option("--file", type=click.Path(exists=True, dir_okay=False), help="What to publish.")
@click.option("--watch-only", is_flag=True, help="Publish nothing.")
@click.option("--seconds", type=float, default=float("inf"), help="When to leave.")
def main(
    *,
    url: str,
    room: str,
    name: str,
    token_file: TextIO | None,
    file: str | None,
    watch_only: bool,
    seconds: float,
) -> None:
    """Join a room of the daemon at URL, as a bot."""
    try:
        token = token_file.read().strip() if token_file is not None else None
        trio.run(_run, url, room, name, token, file, watch_only, seconds)
    except KeyboardInterrupt:
        click.echo("left")
    except (ClientError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error


async def _run(
    url: str,
    room: str,
    name: str,
    token: str | None,
    file: str | None,
    watch_only: bool,  # noqa: FBT001  (trio.run takes no keywords)
    seconds: float,
) -> None:
    with trio.move_on_after(seconds):
        async with stay(url, room=room, name=name, token=token) as staying:
            if file is not None:
                await staying.publish(camera=File(file), microphone=File(file))
            elif not watch_only:
                await staying.publish(camera=SyntheticVideo(), microphone=Tone())
            while True:
                await trio.sleep(1)
                present = staying.client
                click.echo(_summary(present) if present else f"away: {staying.away_because}")


def _summary(client: Client) -> str:
    seen = []
    for peer in client.peers.values():
        picture = client.video(peer.id).newest()
        heard = client.reception(peer.id, "microphone")
        what = f"{picture.width}x{picture.height}" if picture is not None else "no picture"
        seen.append(f"{peer.name}: {what}, energy {heard.energy if heard else 0:.3f}")
    return "; ".join(seen) or "nobody else is here"


main()
