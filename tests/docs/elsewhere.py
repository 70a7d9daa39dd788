"""Which test runs what the pages tell to type, where it is not run in this folder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Elsewhere:
    """``test`` runs it; it has ``says`` in it, which is what a reader would look for."""

    test: str
    says: str


@dataclass(frozen=True)
class Here:
    """It is run as it stands there, for it changes nothing."""


@dataclass(frozen=True)
class Nowhere:
    """Nothing runs it, and ``why``."""

    why: str


BLOCKS: dict[tuple[str, str], Elsewhere | Nowhere] = {
    ("docs/api.md", "api=http://127.0.0.1:8080/api/v1"): Elsewhere(
        "tests/http/test_examples.py", '"api.md"'
    ),
    ("docs/embed.md", "make client-package"): Elsewhere(
        "client/test/package.test.mjs", '"npm", "pack"'
    ),
    (
        "docs/operate.md",
        "trio-sfu serve --tls self-signed --host 192.0.2.1 "
        "--media-addresses 192.0.2.1 --auth-open true",
    ): Elsewhere("tests/process/test_self_signed.py", '"operate.md"'),
    ("docs/quick-start.md", "sudo apt install ./trio-sfu_0.1.0_amd64.deb caddy"): Elsewhere(
        "tests/process/test_package.py", '"quick-start.md"'
    ),
    ("docs/quick-start.md", "sudo trio-sfu install-service --now"): Elsewhere(
        "tests/process/test_package.py", '"quick-start.md"'
    ),
    ("docs/secure.md", "trio-sfu token new-key --kid 2026-03"): Elsewhere(
        "tests/test_secure_page.py", '"secure.md"'
    ),
    (
        "docs/whip-whep.md",
        "gst-launch-1.0 videotestsrc is-live=true ! video/x-raw,width=640,height=360 "
        "! queue ! sink. \\",
    ): Nowhere("Debian 12 has no gst-plugins-rs"),
    (
        "docs/whip-whep.md",
        'whip-client -u "http://192.0.2.1:8080/whip/studio?name=GStreamer" \\',
    ): Nowhere("Debian 12's whip-client stops at once, as the page says; run by hand"),
    (
        "docs/whip-whep.md",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \\",
    ): Elsewhere("tests/process/test_ffmpeg.py", '"whip-whep.md"'),
    (
        "benchmarks/load/README.md",
        "make bench-load                        # everything, with Debian's Janus: half an hour",
    ): Elsewhere("tests/benchmarks/test_load.py", '"benchmarks.load"'),
    ("benchmarks/forwarding/README.md", "cd native"): Nowhere(
        "it takes minutes to compile and to run; `make check` compiles it"
    ),
}
"""Blocks of commands, by page and first line."""

COMMANDS: dict[str, tuple[str, ...]] = {
    "bench": ("tests/process/test_bench.py",),
    "check-config": ("tests/process/test_install.py",),
    "doctor": ("tests/doctor/asking.py", "tests/doctor/world.py"),
    "drain": (
        "tests/browser/test_draining.py",
        "tests/process/test_drain.py",
        "tests/docs/test_blocks.py",
    ),
    "install-service": ("tests/process/test_install.py", "tests/process/test_booted.py"),
    "kick": ("tests/process/test_tree.py",),
    "rooms": ("tests/process/test_console.py",),
    "serve": ("tests/process/daemon.py",),
    "simulate": ("tests/simulation/test_determinism.py",),
    "size": ("tests/process/test_size.py",),
    "timeline": ("tests/process/test_console.py",),
    "token": ("tests/process/test_tokens.py",),
    "top": ("tests/process/test_console.py",),
    "tree": ("tests/process/test_tree.py",),
    "uninstall-service": ("tests/process/test_booted.py",),
}
"""The commands of trio-sfu: the test that runs each, and others that give it more options."""

_BOOTED = "tests/process/test_booted.py"
_PACKAGE = "tests/process/test_package.py"
_SAMPLES = "tests/process/test_samples.py"
_THEIRS = Nowhere(
    "how that service is told of its file is its own; its test starts it with the file"
)

OTHERS: dict[str, Here | Elsewhere | Nowhere] = {
    "apt install ./trio-sfu_0.1.0_amd64.deb": Elsewhere(_PACKAGE, '"apt-get install -y"'),
    "apt install ./trio-sfu_0.2.0_amd64.deb": Elsewhere(_PACKAGE, "apt-get install -y ./"),
    "apt purge trio-sfu": Elsewhere(_PACKAGE, "apt-get purge -y trio-sfu"),
    "apt remove trio-sfu": Elsewhere(_PACKAGE, "apt-get remove -y trio-sfu"),
    "cargo metadata": Elsewhere("tools/bill.py", '"cargo", "metadata"'),
    "cargo run --release --example look -- liar FILE...": Nowhere("it takes a crash of a fuzzer"),
    "curl http://127.0.0.1:8080/healthz": Elsewhere("tests/process/test_serve.py", "/healthz"),
    "dpkg --configure trio-sfu": Nowhere("it takes a package whose configuration has failed"),
    "ffmpeg -buildconf": Nowhere("Debian 12 has an FFmpeg without WHIP"),
    "journalctl -u caddy": Elsewhere(_PACKAGE, '"journalctl"'),
    "journalctl -u trio-sfu": Elsewhere("tests/process/machine.py", '"journalctl"'),
    "journalctl -u trio-sfu -e": Elsewhere("tests/process/machine.py", '"journalctl"'),
    "nft -c -f FILE": Elsewhere(_SAMPLES, '"nft", "-c", "-f", rules'),
    "nft -f FILE": Elsewhere(_SAMPLES, '"nft", "-f", rules'),
    "nginx -t": Elsewhere(_SAMPLES, '"-t"'),
    "openssl rand -base64 32": Here(),
    "openssl rand -hex 32": Here(),
    "pipx install WHEEL": Nowhere("it would fetch from a registry; done by hand for a release"),
    "promtool check config FILE": Elsewhere(_SAMPLES, '"promtool", "check", "config"'),
    "python3 -m venv /opt/trio-sfu": Nowhere("as the next one"),
    "python3 -m venv /opt/trio-sfu; /opt/trio-sfu/bin/pip install WHEEL": Nowhere(
        "it would fetch from a registry; done by hand for a release"
    ),
    "rm -r /opt/trio-sfu": Nowhere("it undoes the one before"),
    "ss -lntup": Elsewhere(_PACKAGE, "ss -Hlntu"),
    "systemctl edit trio-sfu": Nowhere("it opens an editor; drop-ins are in test_booted.py"),
    "systemctl reload": Elsewhere(_BOOTED, '"systemctl", "reload"'),
    "systemctl reload caddy": _THEIRS,
    "systemctl reload nginx": _THEIRS,
    "systemctl reload prometheus": _THEIRS,
    "systemctl reload trio-sfu": Elsewhere(_BOOTED, '"systemctl", "reload", SERVICE'),
    "systemctl restart coturn": _THEIRS,
    "systemctl restart trio-sfu": Elsewhere(_BOOTED, '"systemctl", "restart", SERVICE'),
    "systemctl status": Elsewhere("tests/process/test_liveness.py", "STATUS="),
    "systemctl status trio-sfu": Elsewhere("tests/process/test_liveness.py", "STATUS="),
    "systemctl stop": Elsewhere(_BOOTED, '"systemctl", "stop"'),
    "systemctl stop trio-sfu": Elsewhere(_BOOTED, '"systemctl", "stop"'),
    "systemctl stop trio-sfu trio-sfu.socket trio-sfu-media.socket": Elsewhere(
        _BOOTED, '"systemctl", "stop", "--no-block", *units'
    ),
    "systemd-analyze security": Elsewhere("tests/process/test_unit.py", '"security"'),
}
"""What texts say of other programs."""
