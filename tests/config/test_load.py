from pathlib import Path

import msgspec
import pytest

from trio_sfu.access.making import new_key
from trio_sfu.config import Config, load
from trio_sfu.config.access import access_policy
from trio_sfu.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "conf" / "trio-sfu.toml"


def write(folder: Path, text: str) -> Path:
    file = folder / "sfu.toml"
    file.write_text(text)
    return file


def told(file: Path | None = None, **kwargs: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, **kwargs)
    return str(caught.value)


def test_the_sample_says_every_key_with_its_default() -> None:
    import tomllib

    from trio_sfu.config.keys import KEYS

    assert load(SAMPLE) == Config()
    content = tomllib.loads(SAMPLE.read_text())
    said = {f"{section}.{name}" for section, table in content.items() for name in table}
    assert said == set(KEYS)


def test_without_anything_it_listens_on_this_machine_only() -> None:
    config = load()
    assert (config.http.host, config.http.port) == ("127.0.0.1", 8080)
    assert config.media.addresses == ["127.0.0.1", "::1"]


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    file = write(tmp_path, "[http]\nport = 1001\n[media]\nport = 1001\n[log]\nlevel = 'error'\n")
    environment = {"TRIO_SFU_HTTP_PORT": "1002", "TRIO_SFU_MEDIA_PORT": "2002", "PATH": "/bin"}
    config = load(file, environment, {"http.port": "1003"})
    assert (config.http.port, config.media.port, config.log.level) == (1003, 2002, "error")


def test_the_environment_can_name_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "[http]\nport = 1001\n")
    assert load(None, {"TRIO_SFU_CONFIG": str(file)}).http.port == 1001


def test_text_becomes_lists_numbers_and_truths() -> None:
    config = load(
        None,
        {"TRIO_SFU_MEDIA_ADDRESSES": "127.0.0.1, ::1", "TRIO_SFU_AUTH_OPEN": "true"},
        {"rooms.grace": "2.5"},
    )
    assert config.media.addresses == ["127.0.0.1", "::1"]
    assert config.auth.open is True
    assert config.rooms.grace == 2.5


def test_an_unknown_key_is_named_with_file_line_and_the_nearest(tmp_path: Path) -> None:
    file = write(tmp_path, "[log]\n\n[http]\n# a comment\nprot = 1\n")
    message = told(file)
    assert f"{file}:5" in message
    assert "no key http.prot. Did you mean port?" in message


def test_an_unknown_section_is_named_with_the_nearest(tmp_path: Path) -> None:
    message = told(write(tmp_path, "[htp]\nport = 1\n"))
    assert ":1: no section [htp]. Did you mean http?" in message


def test_an_unknown_variable_is_named_with_the_nearest() -> None:
    message = told(environment={"TRIO_SFU_HTTP_PROT": "1"})
    assert "no variable TRIO_SFU_HTTP_PROT. Did you mean TRIO_SFU_HTTP_PORT?" in message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[http]\nport = 70000\n", "http.port is 70000; it must be a whole number from 0 to 65535"),
        ("[http]\nport = '80'\n", "http.port is '80'; it must be a whole number"),
        ("[log]\nlevel = 'loud'\n", 'it must be one of "debug", "error", "info", "warning"'),
        ("[rooms]\ngrace = 0\n", "a number of seconds above 0, at most 3600"),
        ("[auth]\nopen = 1\n", "it must be true or false"),
        ("[media]\naddresses = '::1'\n", "it must be a list, each a string"),
        ("http = 3\n", "http is a section: write [http]"),
        ("[http\n", "is not TOML"),
        ("a = " + "[" * 3_000, "is not TOML"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(tmp_path: Path, text: str, says: str) -> None:
    file = write(tmp_path, text)
    message = told(file)
    assert says in message
    assert str(file) in message


def test_a_wrong_variable_and_a_wrong_flag_name_themselves() -> None:
    assert "environment variable TRIO_SFU_HTTP_PORT: http.port is 'x'" in told(
        environment={"TRIO_SFU_HTTP_PORT": "x"}
    )
    assert "flag --http-port: http.port is 'x'" in told(flags={"http.port": "x"})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in told(tmp_path / "none.toml")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104  (refused)
def test_a_reachable_address_needs_access_control_or_a_clear_word(host: str) -> None:
    message = told(flags={"http.host": host})
    assert host in message
    assert "auth.open = true" in message
    assert "auth.keys" in message
    assert load(None, None, {"http.host": host, "auth.open": "true"}).http.host == host


def test_keys_are_access_control_too_and_are_looked_at_here(tmp_path: Path) -> None:
    _, public = new_key("EdDSA", "k")
    file = tmp_path / "k.public.jwk"
    file.write_bytes(msgspec.json.encode(public))
    text = f"[http]\nhost = '192.0.2.1'\n[auth]\nkeys = ['{file}']\naudience = 'meet'\n"
    policy = access_policy(load(write(tmp_path, text)).auth)
    assert policy is not None
    assert (list(policy.keys), policy.audience, policy.max_lifetime) == (["k"], "meet", 86_400)
    assert access_policy(Config().auth) is None
    assert "auth.open = true lets everybody in" in told(
        flags={"auth.keys": str(file), "auth.open": "true"}
    )
    assert f"auth.keys: {file}: there is" in told(flags={"auth.keys": f"{file},{file}"})
    file.write_text("{}")
    assert "missing required field `kty`" in told(flags={"auth.keys": str(file)})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_a_loopback_address_needs_nothing(host: str) -> None:
    assert load(None, None, {"http.host": host}).http.host == host


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"media.addresses": ""}, "media.addresses is empty"),
        ({"media.addresses": "localhost"}, '"localhost" is not an IP address'),
        ({"media.announced": "x"}, 'media.announced: "x" is not an IP address'),
        ({"media.port": "65535", "media.workers": "2"}, "passes the last port"),
        ({"media.tcp_port": "65535", "media.workers": "2"}, "tcp_port + media.workers passes"),
        ({"http.port": "7882"}, "the TCP port for media are both 7882"),
        ({"http.port": "5001", "media.tcp_port": "5000", "media.workers": "2"}, "both 5001"),
        ({"media.addresses": "0.0.0.0"}, "media.announced"),  # noqa: S104  (refused)
        ({"liveness.stuck_after": "0.5"}, "liveness.stuck_after must be at least 1"),
        ({"http.certificate": "x"}, "must be set together"),
        ({"http.certificate": "/none", "http.key": "/none"}, 'there is no file "/none"'),
    ],
)
def test_settings_that_do_not_go_together_are_told(flags: dict[str, str], says: str) -> None:
    assert says in told(flags=flags)


def test_page_and_media_may_share_a_number_where_they_do_not_meet() -> None:
    same = {"http.port": "7882"}
    load(flags=same | {"media.tcp": "false"})
    load(flags=same | {"media.tcp_port": "7883"})
    load(flags=same | {"media.addresses": "192.0.2.1"})


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    file = write(tmp_path, "[http]\nprot = 1\nport = 'x'\n[lok]\nlevel = 'info'\n")
    lines = told(file, environment={"TRIO_SFU_HTTP_HOTS": "a"}).splitlines()
    assert [line.partition(" ")[0] for line in lines] == [
        f"{file}:2:",
        f"{file}:3:",
        f"{file}:4:",
        "environment:",
    ]


def test_what_does_not_fit_together_is_told_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path, "[media]\n# a comment\naddresses = ['0.0.0.0']\n")
    assert told(file).startswith(f"{file}:3: media.addresses: clients cannot send to")
    assert told(flags={"turn.urls": "x"}).startswith("flag --turn-urls: turn.urls:")
    file = write(tmp_path, "[http]\nhost = '0.0.0.0'\n")
    assert told(file).startswith(f"{file}:2: http.host is")


def test_a_certificate_that_is_none_is_told_before_the_start(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("no certificate")
    file = write(tmp_path, f"[http]\ncertificate = '{pem}'\nkey = '{pem}'\n")
    assert told(file).startswith(f"{file}:2: http.certificate and http.key cannot be used")
