"""Write requirements/*.txt from what is installed, or check that they still say it.

Run by ``make pins`` and ``make check`` (``--check``). ``runtime.txt`` is the closure
of the project's dependencies and of the build backend, ``dev.txt`` that of the
``checks`` dependency group, ``fuzz.txt`` that of ``fuzz`` (where it is installed), all as
plain ``name==version`` lines.
"""

import sys
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make pins`: {what}, with everything it needs.\n"


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each requirement and of what those require."""
    found: dict[str, str] = {}
    todo = [Requirement(text) for text in requirements]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        distribution = metadata.distribution(name)
        if not requirement.specifier.contains(distribution.version, prereleases=True):
            sys.exit(f"{name} {distribution.version} is installed, {requirement} is asked for")
        if name in found:
            continue
        found[name] = distribution.version
        for text in distribution.requires or ():
            needed = Requirement(text)
            environments = [{"extra": extra} for extra in (*requirement.extras, "")]
            if needed.marker is None or any(map(needed.marker.evaluate, environments)):
                todo.append(needed)
    return found


def page(what: str, pins: dict[str, str]) -> str:
    """Return the text of a requirements file."""
    lines = (f"{name}=={version}\n" for name, version in sorted(pins.items()))
    return HEADER.format(what=what) + "".join(lines)


def main() -> None:
    """Write or check the files."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = closure(project["project"]["dependencies"] + project["build-system"]["requires"])
    dev = closure(project["dependency-groups"]["checks"])
    files = {
        "runtime.txt": page("what the daemon imports and what builds it", runtime),
        "dev.txt": page(
            "what checks and tests use", {k: v for k, v in dev.items() if k not in runtime}
        ),
    }
    with suppress(metadata.PackageNotFoundError):
        fuzz = closure(project["dependency-groups"]["fuzz"])
        files["fuzz.txt"] = page("what `make soak` fuzzes Python with", fuzz)
    for name, text in files.items():
        path = ROOT / "requirements" / name
        if "--check" not in sys.argv:
            path.write_text(text)
        elif path.read_text() != text:
            sys.exit(f"{path.name} is not what .venv holds: `make pins`, or `rm -rf .venv`")


if __name__ == "__main__":
    main()
