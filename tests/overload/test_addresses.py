import pytest

from trio_sfu.overload.addresses import counted_as


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("127.8.9.10", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("somewhere", "somewhere"),
    ],
)
def test_who_counts_as_one(address: str, key: str | None) -> None:
    assert counted_as(address) == key
