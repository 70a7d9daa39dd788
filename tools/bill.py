"""Say what is shipped: a bill of materials in CycloneDX, and the licences of what is linked in.

``python -m tools.bill FOLDER`` writes ``trio-sfu.cdx.json`` and ``third-party-licenses.txt``.

A component's property ``trio-sfu:shipped`` says in what it comes: ``wheel`` (the crates of the
packet engine, what is bundled into the page) or ``deb`` (the Python distributions, which pip gets
from elsewhere, with the libraries in them). It is of what is in the result, not of all that takes
part in compiling.
"""

import json
import re
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from tools.pin import ROOT, closure

BILL: Final = "trio-sfu.cdx.json"
LICENSES: Final = "third-party-licenses.txt"
ENGINE: Final = "trio-sfu-native"
SHIPPED: Final = "trio-sfu:shipped"

_LICENSE_FILE = re.compile(r"(licen[cs]e|copying|copyright|notice)", re.IGNORECASE)
_BARE_IMPORT = re.compile(r"""(?:from|import)\s*\(?["']((?:@[\w.-]+/)?[A-Za-z][\w.-]*)""")
_LIBRARY = re.compile(r"lib([\w+]+?(?:-\w+?)?)-[0-9a-f]{8}\.so\.?([\d.]*)")
_CLASSIFIED: Final = {"MIT License": "MIT", "Apache Software License": "Apache-2.0"}
_LIBRARIES: Final = {
    "SvtAv1Enc": "BSD-3-Clause-Clear",
    "Xau": "MIT",
    "asound": "LGPL-2.1-or-later",
    "avcodec": "LGPL-3.0-or-later",
    "avdevice": "LGPL-3.0-or-later",
    "avfilter": "LGPL-3.0-or-later",
    "avformat": "LGPL-3.0-or-later",
    "avutil": "LGPL-3.0-or-later",
    "crc32c": "BSD-3-Clause",
    "dav1d": "BSD-2-Clause",
    "drm": "MIT",
    "gmp": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "gnutls": "LGPL-2.1-or-later",
    "hogweed": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "mp3lame": "LGPL-2.0-or-later",
    "nettle": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "opencore-amrnb": "Apache-2.0",
    "opencore-amrwb": "Apache-2.0",
    "opus": "BSD-3-Clause",
    "sharpyuv": "BSD-3-Clause",
    "swresample": "LGPL-3.0-or-later",
    "swscale": "LGPL-3.0-or-later",
    "unistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
    "vpl": "MIT",
    "vpx": "BSD-3-Clause",
    "webp": "BSD-3-Clause",
    "webpmux": "BSD-3-Clause",
    "x264": "GPL-2.0-or-later",
    "x265": "GPL-2.0-or-later",
    "xcb": "MIT",
    "xcb-shape": "MIT",
    "xcb-shm": "MIT",
    "xcb-xfixes": "MIT",
}
"""By their names: wheels say what libraries are in them, but not under which licences."""


@dataclass(frozen=True, slots=True)
class Component:
    """Something of others that is shipped. ``folder``: where its licences are, if here."""

    name: str
    version: str
    licenses: str
    """An expression of SPDX."""
    purl: str
    shipped: str
    folder: Path | None = None

    def entry(self) -> dict[str, Any]:
        """Return what a bill says of it."""
        return {
            "type": "library",
            "bom-ref": self.purl,
            "name": self.name,
            "version": self.version,
            "licenses": [{"expression": self.licenses}],
            "purl": self.purl,
            "properties": [{"name": SHIPPED, "value": self.shipped}],
        }


# ---- the packet engine -------------------------------------------------------------


def crates() -> Iterator[Component]:
    """Yield what is linked into the packet engine: no build scripts, no macros, no tests."""
    version = _run("rustc", "-vV")
    host = re.findall(r"^host: (.*)$", version, re.MULTILINE)[0]
    told = json.loads(
        _run("cargo", "metadata", "--format-version=1", "--locked", f"--filter-platform={host}")
    )
    packages = {each["id"]: each for each in told["packages"]}
    needs = {
        node["id"]: [
            needed["pkg"]
            for needed in node["deps"]
            if any(kind["kind"] is None for kind in needed["dep_kinds"])
        ]
        for node in told["resolve"]["nodes"]
    }
    todo = [name for name, each in packages.items() if each["name"] == ENGINE]
    seen: set[str] = set()
    while todo:
        package = packages[name := todo.pop()]
        if name in seen or any("proc-macro" in each["kind"] for each in package["targets"]):
            continue
        seen.add(name)
        todo += needs[name]
        if package["source"] is not None:
            yield Component(
                package["name"],
                package["version"],
                package["license"].replace("/", " OR "),
                f"pkg:cargo/{package['name']}@{package['version']}",
                "wheel",
                Path(package["manifest_path"]).parent,
            )
    release = re.findall(r"^release: (.*)$", version, re.MULTILINE)[0]
    purl = f"pkg:generic/rust-std@{release}"
    yield Component("rust-std", release, "MIT OR Apache-2.0", purl, "wheel")


# ---- the page ----------------------------------------------------------------------


def bundled() -> Iterator[Component]:
    """Yield the npm packages that the page's own modules import, and what those need."""
    lock = json.loads((ROOT / "client/package-lock.json").read_text())["packages"]
    sources = (ROOT / "client/src").rglob("*.ts")
    todo = sorted({name for each in sources for name in _BARE_IMPORT.findall(each.read_text())})
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        folder = f"node_modules/{name}"
        if folder not in lock:
            sys.exit(f"the page imports {name}, which package-lock.json does not have")
        todo += lock[folder].get("dependencies", ())
        version = lock[folder]["version"]
        purl = f"pkg:npm/{name.replace('@', '%40', 1)}@{version}"
        yield Component(
            name, version, lock[folder]["license"], purl, "wheel", ROOT / "client" / folder
        )


# ---- Python ------------------------------------------------------------------------


def distributions() -> Iterator[Component]:
    """Yield the Python distributions that the daemon imports, and the libraries inside."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, version in sorted(closure(project["dependencies"]).items()):
        found = metadata.distribution(name)
        yield Component(name, version, _license(found), f"pkg:pypi/{name}@{version}", "deb")
        for path in sorted(map(str, found.files or ())):
            if ".libs/" in path:
                yield _library(Path(path), name)


def _license(found: metadata.Distribution) -> str:
    about = found.metadata
    if expression := about.get_all("License-Expression"):
        return str(expression[0])
    prefix = "License :: OSI Approved :: "
    classified = [
        _CLASSIFIED[each.removeprefix(prefix)]
        for each in about.get_all("Classifier") or ()
        if each.startswith(prefix)
    ]
    classified += [
        each
        for each in about.get_all("License") or ()
        if not classified and each in _CLASSIFIED.values()
    ]
    if not classified:
        sys.exit(f"{about['Name']} does not say under which licence it is")
    return " OR ".join(sorted(classified))


def _library(path: Path, distribution: str) -> Component:
    found = _LIBRARY.fullmatch(path.name)
    if found is None or found[1] not in _LIBRARIES:
        sys.exit(f"{path} is in {distribution}; which licence has it? tools/bill.py wants to know")
    name, version = found[1], found[2] or "unknown"
    purl = f"pkg:generic/lib{name}@{version}?distribution={distribution}"
    return Component(f"lib{name}", version, _LIBRARIES[name], purl, "deb")


# ---- the files ---------------------------------------------------------------------


def bill(components: list[Component]) -> str:
    """Return the bill: CycloneDX 1.6, the same for the same components."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    purl = f"pkg:pypi/{name}@{version}"
    entries = [each.entry() for each in components]
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([purl, entries]))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "licenses": [{"expression": project["license"]}],
                "purl": purl,
            }
        },
        "components": entries,
    }
    return json.dumps(content, indent=1) + "\n"


def licenses(components: list[Component]) -> str:
    """Return the licences of what is compiled or bundled into the wheel."""
    texts = ["What trio-sfu's packet engine and page have in them of others, and its licences.\n"]
    for each in components:
        if each.shipped != "wheel":
            continue
        texts.append(f"\n{'=' * 80}\n{each.name} {each.version}: {each.licenses}\n{'=' * 80}\n")
        if each.folder is None:
            texts.append("\nUsed under Apache-2.0, whose text is that of trio-sfu's own LICENSE.\n")
            continue
        found = [path for path in sorted(each.folder.rglob("*")) if _is_license(path)]
        if not found:
            sys.exit(f"{each.name} has no text of its licence")
        for path in found:
            where = path.relative_to(each.folder)
            texts.append(f"\n---- {where}\n\n{path.read_text(errors='replace').strip()}\n")
    return "".join(texts)


def _is_license(path: Path) -> bool:
    return bool(_LICENSE_FILE.match(path.name)) and path.suffix in ("", ".txt", ".md")


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT / "native", check=True, stdout=subprocess.PIPE)  # noqa: S603
    return done.stdout.decode()


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    components = [
        *sorted(crates(), key=lambda each: each.name),
        *sorted(bundled(), key=lambda each: each.name),
        *distributions(),
    ]
    (folder / BILL).write_text(bill(components))
    (folder / LICENSES).write_text(licenses(components))


if __name__ == "__main__":
    main()
