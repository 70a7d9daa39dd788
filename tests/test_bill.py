"""The bill of materials: all that is shipped is in it, with a licence that is known."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from tools import bill

needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="there is no cargo")


def names(components: Iterable[bill.Component]) -> set[str]:
    return {each.name for each in components}


@needs_cargo
def test_what_is_linked_in_is_named_and_what_merely_builds_it_is_not() -> None:
    linked = list(bill.crates())
    assert {"aws-lc-sys", "pyo3", "libc", "rust-std"} <= names(linked)
    assert not {"cc", "cmake", "syn", "pyo3-macros", "proptest"} & names(linked)
    assert not any(each.startswith("trio-sfu") for each in names(linked))
    assert all(" OR " not in each.purl and "/" not in each.licenses for each in linked)


@needs_cargo
def test_each_of_them_has_the_text_of_its_licence() -> None:
    texts = bill.licenses(list(bill.crates()))
    for each in bill.crates():
        assert f"\n{each.name} {each.version}: {each.licenses}\n" in texts
    assert "Permission is hereby granted" in texts


def test_what_python_brings_is_named_with_the_libraries_inside() -> None:
    found = list(bill.distributions())
    assert {"trio", "aiortc", "cryptography", "typing-extensions", "libavcodec"} <= names(found)
    assert "maturin" not in names(found)
    assert all(each.licenses for each in found)


def test_a_package_that_the_page_imports_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(bill.bundled()) == [], "the page has nothing of others yet"
    source = tmp_path / "client/src/page.ts"
    source.parent.mkdir(parents=True)
    source.write_text('import { a } from "./own";\nimport { b } from "@some/thing";\n')
    packages = {
        "node_modules/@some/thing": {
            "version": "1.2.3",
            "license": "MIT",
            "dependencies": {"other": "^2"},
        },
        "node_modules/other": {"version": "2.0.0", "license": "ISC"},
    }
    lock = tmp_path / "client/package-lock.json"
    lock.write_text(json.dumps({"packages": packages}))
    monkeypatch.setattr(bill, "ROOT", tmp_path)
    assert {(each.purl, each.licenses) for each in bill.bundled()} == {
        ("pkg:npm/%40some/thing@1.2.3", "MIT"),
        ("pkg:npm/other@2.0.0", "ISC"),
    }


def test_the_same_components_give_the_same_bill() -> None:
    some = [bill.Component("a", "1", "MIT", "pkg:generic/a@1", "wheel")]
    assert bill.bill(some) == bill.bill(list(some))
    told = json.loads(bill.bill(some))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    assert told["components"][0]["licenses"] == [{"expression": "MIT"}]
