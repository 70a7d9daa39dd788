"""``trio-sfu token``: makes join tokens and keys, and says what a token is worth."""

import json
import os
import re
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import click
import jwt
import msgspec

from trio_sfu.access.claims import Claims
from trio_sfu.access.keys import ALGORITHMS, Algorithm, Key, read_key_file
from trio_sfu.access.making import Jwk, make_token, new_key
from trio_sfu.access.verify import LONGEST, Policy, verify
from trio_sfu.config.access import access_policy
from trio_sfu.config.keys import KEYS
from trio_sfu.config.load import load
from trio_sfu.config.model import Auth
from trio_sfu.errors import ConfigError, TokenError

_SOURCES = ("camera", "microphone", "screen", "screen-audio")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_TIMES = ("exp", "nbf", "iat")
_FILE = click.Path(path_type=Path, dir_okay=False)


class _Lifetime(click.ParamType[int]):
    name = "lifetime"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Return seconds."""
        found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", str(value))
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r} is none of: 90, 30m, 8h, 1d", param, ctx)
        return int(found[1]) * _UNITS[found[2] or "s"]


class _Sources(click.ParamType[tuple[str, ...]]):
    name = "sources"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, ...]:
        """Return the sources."""
        if isinstance(value, tuple):
            return value
        if value in ("all", "none"):
            return _SOURCES if value == "all" else ()
        named = tuple(each.strip() for each in str(value).split(","))
        for each in named:
            if each not in _SOURCES:
                self.fail(f"{each!r} is none of {', '.join(_SOURCES)}, all, none", param, ctx)
        return named


@click.group(invoke_without_command=True)
@click.option("--key-file", type=_FILE, help="The key to sign with, as new-key has made it.")
@click.option("--kid", help="Which key of the file, when it has several.")
@click.option("--room", help="A room's name, or the beginning of names and *.")
@click.option("--identity", help="Who it is for; the others in the room see it.")
@click.option("--name", help="What the others see; without it the client chooses.")
@click.option("--metadata", help="Text that the others' clients get, 1024 characters at most.")
@click.option(
    "--publish",
    type=_Sources(),
    metavar="SOURCES",
    default="all",
    help="camera,microphone,screen,screen-audio or some of them, all, or none.",
)
@click.option("--subscribe/--no-subscribe", default=True, help="See and hear the others.")
@click.option("--data/--no-data", default=True, help="Write to the others, and react.")
@click.option("--moderate", is_flag=True, help="Mute and remove others, lock the room.")
@click.option("--record", is_flag=True, help="Reserved.")
@click.option(
    "--ttl",
    type=_Lifetime(),
    metavar="TIME",
    default="1h",
    show_default=True,
    help="How long one can join with it: seconds, or 30m, 8h, 1d.",
)
@click.option("--once", is_flag=True, help="It lets in once, and back after an interruption.")
@click.option(
    "--audience",
    default=Auth().audience,
    show_default=True,
    envvar=KEYS["auth.audience"].variable,
    help="What the daemon has as auth.audience.",
)
@click.option("--url", help="Print a link to the room at this address, not the token alone.")
@click.pass_context
def token(context: click.Context, /, *, key_file: Path | None, **asked: Any) -> None:  # noqa: ANN401
    r"""Make a join token, and print it.

    \b
    trio-sfu token new-key --algorithm EdDSA --kid 2026-03
    trio-sfu token --key-file 2026-03.private.jwk --room standup --identity ada
    """
    if context.invoked_subcommand is not None:
        return
    if key_file is None or not asked["room"] or not asked["identity"]:
        raise click.UsageError("--key-file, --room and --identity are needed")
    kid, url = asked.pop("kid"), asked.pop("url")
    claims = _claims(asked)
    if url is not None and claims.room.endswith("*"):
        raise click.UsageError("a link is to one room; --room has a pattern")
    try:
        made = make_token(_signing_key(key_file, kid), claims)
    except (ConfigError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if len(made) > LONGEST:
        raise click.ClickException(f"the token has {len(made)} characters; {LONGEST} are allowed")
    click.echo(made if url is None else f"{url.rstrip('/')}/{quote(claims.room)}#token={made}")


def _claims(asked: Mapping[str, Any]) -> Claims:
    now = int(time.time())
    rights = ("publish", "subscribe", "data", "moderate", "record")
    said: dict[str, Any] = {
        "sub": asked["identity"],
        "room": asked["room"],
        "rights": {name: asked[name] for name in rights},
        "aud": asked["audience"],
        "iat": now,
        "exp": now + asked["ttl"],
        "once": asked["once"],
        "jti": secrets.token_urlsafe(12),
    }
    said |= {name: asked[name] for name in ("name", "metadata") if asked[name] is not None}
    try:
        return msgspec.convert(said, Claims)
    except msgspec.ValidationError as error:
        raise click.ClickException(str(error)) from None


def _signing_key(file: Path, kid: str | None) -> Key:
    keys = [key for key in read_key_file(file) if kid in (None, key.id)]
    if len(keys) == 1:
        return keys[0]
    if not keys:
        raise ValueError(f'{file} has no key with the kid "{kid}"')
    raise ValueError(f"{file} has the keys {', '.join(key.id for key in keys)}: choose by --kid")


@token.command("new-key")
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="EdDSA", show_default=True)
@click.option("--kid", help="What tokens name it by; without it, the date and four characters.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder for the files; without it, this one.",
)
def new_key_command(*, algorithm: Algorithm, kid: str | None, out: Path) -> None:
    """Make a key to sign join tokens with.

    KID.private.jwk makes tokens and stays with who makes them; KID.public.jwk is for the daemon
    (auth.keys). HS256 has one secret for both: KID.secret.jwk.
    """
    kid = kid or f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(2)}"
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", kid):
        raise click.UsageError("a kid has letters, digits and -_. only, 64 at most")
    private, public = new_key(algorithm, kid)
    if public is None:
        _write(out / f"{kid}.secret.jwk", private, 0o600)
    else:
        _write(out / f"{kid}.private.jwk", private, 0o600)
        _write(out / f"{kid}.public.jwk", public, 0o644)


def _write(file: Path, key: Jwk, mode: int) -> None:
    try:
        # Never over another key, and never readable for a moment.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as opened:
            json.dump(key, opened)
            opened.write("\n")
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    click.echo(str(file))


@token.command()
@click.argument("text", metavar="[TOKEN]", required=False)
@click.option("--config", "config", type=_FILE, help="A TOML file of settings.")
@click.option("--key-file", "files", type=_FILE, multiple=True, help="In place of auth.keys.")
@click.option("--room", help="Whether it is good for this room.")
def explain(
    *, text: str | None, config: Path | None, files: tuple[Path, ...], room: str | None
) -> None:
    """Say what is in a token, and whether a daemon with these settings would take it.

    Without TOKEN it is read from standard input, where no list of processes shows it. Exits
    with 1 when it is refused. A single-use token is not used up by that.
    """
    if text is None or text == "-":
        text = sys.stdin.read()
    text = text.strip()
    try:
        policy = _policy(config, files)
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    claims = _shown(text)
    if policy is None:
        click.echo("not verified: no keys (auth.keys, --key-file)")
        return
    try:
        grant = verify(text, time.time(), policy, room=room or _some_room(claims))
    except TokenError as refused:
        click.echo(f"refused: {refused} ({refused.code})")
        sys.exit(1)
    left = int(grant.expires - policy.leeway - time.time())
    click.echo(f"accepted: good for {left} more seconds" + (", once" if grant.single else ""))


def _policy(config: Path | None, files: tuple[Path, ...]) -> Policy | None:
    settings = load(config, os.environ).auth
    if not files:
        return access_policy(settings)
    keys = {key.id: key.public() for file in files for key in read_key_file(file)}
    return Policy(keys, settings.audience, settings.max_lifetime, settings.leeway)


def _shown(text: str) -> Mapping[str, Any]:
    """Print the token's header and claims, whatever they are worth; return the claims."""
    try:
        read = jwt.PyJWS().decode_complete(text, options={"verify_signature": False})
        claims = json.loads(read["payload"])
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise click.ClickException("this is no JWT (token-malformed)") from None
    click.echo(f"header: {json.dumps(read['header'])}")
    click.echo(f"claims: {json.dumps(claims, indent=2)}")
    if not isinstance(claims, dict):
        raise click.ClickException("its claims are no object (token-claims-invalid)")
    for name in _TIMES:
        if name in claims:
            click.echo(f"{name}: {_time(claims[name])}")
    return cast("Mapping[str, Any]", claims)


def _time(seconds: object) -> str:
    try:
        return f"{datetime.fromtimestamp(float(cast('float', seconds)), UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (TypeError, ValueError, OverflowError, OSError):
        return "no time"


def _some_room(claims: Mapping[str, Any]) -> str:
    """Return a room that a token's pattern is for."""
    pattern = str(claims.get("room", ""))
    return pattern.replace("*", "x") if pattern.endswith("*") else pattern
