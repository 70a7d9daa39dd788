"""Where webhooks may go, and what they are signed with."""

import base64
from pathlib import Path

import pytest

from trio_sfu.config import load
from trio_sfu.config.webhooks import Target, targets, webhook_secret
from trio_sfu.errors import ConfigError

URL = "https://app.example.org/hooks?key=k"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_bytes(base64.b64encode(bytes(32)))
    return file


def refusal(secret: Path, urls: str, **flags: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(
            flags={"webhooks.urls": urls, "webhooks.secret_file": str(secret)}
            | {f"webhooks.{name}": text for name, text in flags.items()}
        )
    return str(caught.value)


def test_a_url_and_a_secret(secret: Path) -> None:
    settings = load(flags={"webhooks.urls": URL, "webhooks.secret_file": str(secret)}).webhooks
    assert targets(settings) == [
        Target(secure=True, host="app.example.org", port=443, path="/hooks?key=k")
    ]
    assert targets(settings)[0].authority == "app.example.org"
    assert webhook_secret(settings) == bytes(32)


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("http://127.0.0.1:9000", "127.0.0.1:9000", "/"),
        ("http://[::1]:9000/a", "[::1]:9000", "/a"),
        ("http://app.local", "app.local", "/"),
        ("https://localhost:443/", "localhost", "/"),
    ],
)
def test_private_ones_if_that_is_meant(secret: Path, url: str, authority: str, path: str) -> None:
    flags = {"webhooks.urls": url, "webhooks.secret_file": str(secret)}
    [target] = targets(load(flags=flags | {"webhooks.private": "true"}).webhooks)
    assert (target.authority, target.path) == (authority, path)
    message = refusal(secret, url)
    assert "webhooks.private" in message


@pytest.mark.parametrize(
    "url",
    [
        "app.example.org/hooks",
        "ftp://app.example.org",
        "https://",
        "https://user:pass@app.example.org/",
        "https://app.example.org/#top",
        "https://app.example.org:99999/",
        "https://[::1/",
        "https://app.example.org/a b",
        "https://app.example.org/a\r\nx: y",
        "https://app.example.org/\u00e9",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
    ],
)
def test_what_no_receiver_can_be_at(secret: Path, url: str) -> None:
    message = refusal(secret, url)
    assert "webhooks.urls: URL 1 " in message
    # There may be a secret in it.
    assert url == "https://" or url not in message


def test_a_url_twice_or_too_many(secret: Path) -> None:
    assert "twice" in refusal(secret, f"{URL},{URL}")
    many = ",".join(f"{URL}{number}" for number in range(9))
    assert "9 URLs; 8 are allowed" in refusal(secret, many)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "characters"),
        ("not base64 at all, surely not", "base64"),
        (base64.b64encode(bytes(23)).decode(), "24 to 64 bytes"),
        (base64.b64encode(bytes(65)).decode(), "24 to 64 bytes"),
        ("A" * 31 + "=", "24 to 64 bytes"),
    ],
)
def test_what_is_no_secret(secret: Path, content: str, says: str) -> None:
    secret.write_text(content)
    message = refusal(secret, URL)
    assert "webhooks.secret_file: " in message
    assert not content or content not in message
    assert says in message or "a token has letters" in message


def test_urls_need_a_secret() -> None:
    with pytest.raises(ConfigError, match=r"needs webhooks\.secret_file"):
        load(flags={"webhooks.urls": URL})


def test_the_prefix_of_the_standard_is_no_part_of_it(secret: Path) -> None:
    settings = load(flags={"webhooks.urls": URL, "webhooks.secret_file": str(secret)}).webhooks
    secret.write_text("whsec_" + secret.read_text())
    assert webhook_secret(settings) == bytes(32)
