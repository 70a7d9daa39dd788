"""The daemon itself: the one that runs, or else one that is started for a moment."""

from typing import Final

import msgspec
import trio

from trio_sfu.config.model import Config
from trio_sfu.daemon import open_daemon
from trio_sfu.doctor.finding import Finding, fail, ok, warn
from trio_sfu.doctor.ports import check_ports
from trio_sfu.doctor.reach import check_reach
from trio_sfu.errors import ConfigError
from trio_sfu.liveness.self_test import SelfTestResult
from trio_sfu.tree.remote import Remote, RemoteError

_ENOUGH: Final = 30.0
"""Seconds for what the doctor starts; a self-test has a limit of its own."""
_BE_THERE: Final = "ask it at a loopback address of its machine"
WAYS_IN: Final = {
    "operator-token-required": "name the file with the operators' token: --token-file",
    "operator-token-wrong": "name the file that the daemon has its token from: --token-file",
    "too-many-wrong-tokens": "wait, and name the file that the daemon has its token from",
}
_LOOK: Final = "look at its log, and at `trio-sfu tree`"


def check_running(remote: Remote, wanted: int = 1) -> list[Finding]:
    """Ask the daemon that is there how it is, and have it test its media.

    ``wanted``: how many workers the settings give it.
    """
    health = remote.health()
    said = "; ".join(f"{each.what} {each.message}" for each in (*health.failing, *health.degraded))
    at = f"one is running at {remote.url}"
    if not health.ok:
        first = fail("daemon", f"{at} and is failing: {said}", _LOOK)
    elif health.degraded:
        first = warn("daemon", f"{at}: {said}", _LOOK)
    elif len(health.workers) < wanted:
        message = f"{at}: it has sockets for {len(health.workers)} of {wanted} workers"
        first = warn("daemon", message, "`trio-sfu install-service --now`, which ends calls")
    else:
        first = ok("daemon", at)
    try:
        tested = [remote.self_test()]
        # Each is of another worker, but after a failure.
        while len(tested) < len(health.workers) and tested[-1].outcome != "failed":
            tested.append(remote.self_test())
        return [first, _of_all(tested)]
    except RemoteError as error:
        message = f"the running daemon made no self-test: {error}"
        return [first, warn("media", message, WAYS_IN.get(error.code, _BE_THERE))]


async def try_daemon(config: Config) -> list[Finding]:
    """Start a daemon with these settings, and have it test its media.

    Its page is on another port, so that nobody comes to it who would lose it at once.
    """
    found = [ok("daemon", "none is running"), *check_ports(config)]
    if any(each.state == "fail" for each in found):
        return found
    try:
        with trio.fail_after(_ENOUGH):
            aside = msgspec.structs.replace(
                config,
                http=msgspec.structs.replace(
                    config.http, host="127.0.0.1", port=0, certificate="", key=""
                ),
                # What STUN servers say has been asked; here they would only be waited for.
                media=msgspec.structs.replace(config.media, stun_server=""),
                liveness=msgspec.structs.replace(config.liveness, self_test_interval=0.0),
            )
            async with open_daemon(aside) as daemon:
                tested = [await daemon.test_media()]
                workers = daemon.engine.placement.workers
                while len(tested) < workers and tested[-1].outcome != "failed":
                    tested.append(await daemon.test_media())
                found.append(_of_all(tested))
                found.extend(await check_reach(await daemon.trial_path()))
    except* ConfigError as group:
        found.append(_unusable(group))
    except* trio.TooSlowError:
        found.append(fail("media", f"no answer within {_ENOUGH:g} s", "try again; see the load"))
    return found


def _unusable(group: BaseExceptionGroup[ConfigError]) -> Finding:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return fail("ports", str(error), "`ss -lntup` says who has a port; or change the setting")


def _of_all(results: list[SelfTestResult]) -> Finding:
    """Say how the worst one went."""
    worst = {"failed": 2, "skipped": 1, "passed": 0}
    return _of_media(max(results, key=lambda each: (worst[each.outcome], each.seconds)))


def _of_media(result: SelfTestResult) -> Finding:
    match result.outcome:
        case "passed":
            message = f"sound and a picture came through in {result.seconds:.2f} s"
            return ok("media", message)
        case "skipped":
            return warn("media", f"not tested: {result.message}", "try again when it is quieter")
        case _:
            remedy = "look for a firewall on this machine; the log has the causes"
            return fail("media", f"{result.message} ({result.code})", remedy)
