import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from trio_sfu.config.load import load
from trio_sfu.config.model import Config
from trio_sfu.config.self_signed import state_folder
from trio_sfu.errors import ConfigError
from trio_sfu.listeners.self_signed import keep_certificate


def settings(folder: Path, **more: str) -> Config:
    flags = {"http.tls": "self-signed"} | {key.replace("__", "."): more[key] for key in more}
    return load(None, {"STATE_DIRECTORY": str(folder)}, flags)


def names(config: Config) -> set[str]:
    made = x509.load_pem_x509_certificate(Path(config.http.certificate).read_bytes())
    called = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {
        *called.get_values_for_type(x509.DNSName),
        *map(str, called.get_values_for_type(x509.IPAddress)),
    }


def test_it_names_all_that_the_daemon_is_called(tmp_path: Path) -> None:
    config = settings(
        tmp_path,
        http__host="0.0.0.0",  # noqa: S104  (nothing listens)
        auth__open="true",
        media__addresses="0.0.0.0",  # noqa: S104  (the same)
        media__announced="192.0.2.7,2001:0DB8::7,fe80::1%eth0",
    )
    assert keep_certificate(config) == keep_certificate(config)
    assert names(config) >= {"localhost", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::7", "fe80::1"}
    assert "0.0.0.0" not in names(config)  # noqa: S104  (the same)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
        config.http.certificate, config.http.key
    )


def test_it_stays_until_it_is_called_something_else(tmp_path: Path) -> None:
    config = settings(tmp_path)
    first = keep_certificate(config)
    assert keep_certificate(config) == first
    assert keep_certificate(settings(tmp_path, media__announced="192.0.2.8")) != first


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_what_is_there_and_of_no_use_is_made_anew(tmp_path: Path, broken: str) -> None:
    config = settings(tmp_path)
    first = keep_certificate(config)
    Path(getattr(config.http, broken)).write_text("nothing")
    assert keep_certificate(config) != first


def test_nobody_else_may_read_the_key(tmp_path: Path) -> None:
    config = settings(tmp_path / "new")
    keep_certificate(config)
    assert stat.S_IMODE(Path(config.http.key).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    config = settings(tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match=r"http\.tls: .* cannot be written") as caught:
        keep_certificate(config)
    assert caught.value.code == "config-tls"


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "HOME": "/h"}, "/var/lib/a"),
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/trio-sfu"),
        ({"HOME": "/h"}, "/h/.local/state/trio-sfu"),
        ({}, "/var/lib/trio-sfu"),
    ],
)
def test_where_it_is(environment: dict[str, str], folder: str) -> None:
    assert state_folder(environment) == Path(folder)


def test_files_beside_it_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"leave out http\.certificate"):
        settings(tmp_path, http__certificate="/c", http__key="/k")
