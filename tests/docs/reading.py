"""What the documentation tells its readers to type, taken out of it."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[2]
SHELLS = ("sh", "console", "bash", "shell", "")
"""Languages of blocks that are commands. One without a language might be."""
PROGRAMS: Final = frozenset(
    {"apt", "caddy", "cargo", "curl", "dpkg", "ffmpeg", "git", "journalctl", "make", "nft", "nginx"}
    | {"npm", "npx", "openssl", "pip", "pipx", "promtool", "python", "python3", "rm", "sh", "ss"}
    | {"sudo", "systemctl", "systemd-analyze", "trio-sfu", "turnserver"}
)
"""What begins a command that stands inside of a text."""
_FENCED = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: on which page, in which language."""

    page: str
    language: str
    text: str

    @property
    def title(self) -> str:
        """Its first line, which is how it is found again when the page moves."""
        return self.text.partition("\n")[0]

    @property
    def commands(self) -> list[str]:
        """Its commands: without comments, a continued line is one."""
        joined = self.text.replace("\\\n", " ")
        lines = (re.sub(r"(^|\s)#\s.*", "", line).strip() for line in joined.splitlines())
        return [line for line in lines if line]


def pages() -> list[Path]:
    """Return what people read: the documentation and the files that say how to use a folder."""
    found = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*/README.md")]
    return sorted([*found, ROOT / "client/README.md", ROOT / "systemd/README.md"])


def samples() -> list[Path]:
    """Return the files of ``conf/``, whose comments have commands."""
    return sorted(
        path for path in (ROOT / "conf").rglob("*") if path.suffix != ".json" and path.is_file()
    )


def name(path: Path) -> str:
    """Return what a page is called here: its path below the root."""
    return str(path.relative_to(ROOT))


def blocks() -> list[Block]:
    """Return each fenced block of each page."""
    return [
        Block(name(path), language.strip(), text)
        for path in pages()
        for language, text in _FENCED.findall(path.read_text())
    ]


def quoted() -> dict[str, str]:
    """Return each command that stands inside of a text, and a place where it does."""
    found: dict[str, str] = {}
    for path in pages():
        for paragraph in _FENCED.sub("", path.read_text()).split("\n\n"):
            for command in _commands(paragraph):
                found.setdefault(command, name(path))
    for path in samples():
        comments = (line[1:] for line in path.read_text().splitlines() if line.startswith("#"))
        for command in _commands("\n".join(comments)):
            found.setdefault(command, name(path))
    return found


def _commands(text: str) -> Iterator[str]:
    for each in _QUOTED.findall(text):
        command = " ".join(each.split())
        program, _, arguments = command.partition(" ")
        if program in PROGRAMS and arguments:
            yield command


def words(command: str) -> list[str]:
    """Return the words of a command, with what is optional."""
    return shlex.split(re.sub(r"[\[\]]", "", command))
