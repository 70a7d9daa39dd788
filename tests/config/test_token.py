"""The file with the operators' token, and what is said when it is wrong."""

from pathlib import Path

import pytest

from trio_sfu.config import Config, load
from trio_sfu.config.model import Admin
from trio_sfu.config.token import operator_token
from trio_sfu.errors import ConfigError

TOKEN = "q7Jx-2Kd_9.Lm~4T/x+=="  # noqa: S105  (of this test)


def refused(content: bytes, folder: Path) -> str:
    file = folder / "token"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(None, None, {"admin.token_file": str(file)})
    assert caught.value.code == "config-token"
    message = str(caught.value)
    assert f"admin.token_file: {file}" in message
    return message


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  \n\n"])
def test_it_is_one_line_however_it_ends(tmp_path: Path, end: str) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN + end)
    config = load(None, {"TRIO_SFU_ADMIN_TOKEN_FILE": str(file)})
    assert operator_token(config.admin) == TOKEN
    assert TOKEN not in repr(config)


def test_without_a_file_there_is_none() -> None:
    assert operator_token(Config().admin) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ":1: the token has 0 characters; it must have at least 16"),
        (b"\n", ":1: the token has 0 characters"),
        (b"hush-hush-hush1", ":1: the token has 15 characters; it must have at least 16"),
        (b"hush hush hush hush", ":1: a token has letters, digits and -._~+/ only"),
        ("höschhöschhöschhösch".encode(), ":1: a token has letters"),
        (b"=============================", ":1: a token has letters"),
        (b"hush-hush-hush-hush\nhush-hush-hush-hush", ":2: there is more than a token"),
        (b"h" * 5_000, ":2: there is more than a token"),
    ],
)
def test_what_is_no_token_is_told_with_its_line_and_not_shown(
    tmp_path: Path, content: bytes, says: str
) -> None:
    message = refused(content, tmp_path)
    assert says in message
    assert "hush" not in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigError, match=r"admin\.token_file: there is no file"):
            operator_token(Admin(token_file=str(path)))
