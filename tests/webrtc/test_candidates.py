"""Which addresses a client is told of."""

import ipaddress

import ifaddr
import pytest

from trio_sfu.webrtc.candidates import LOOK_EVERY, Interfaces, host_candidates


def test_bound_addresses_are_told_as_they_are() -> None:
    bound = [("127.0.0.1", 7882), ("::1", 7882)]
    assert host_candidates(bound) == bound


def test_announced_addresses_take_their_place_once_a_port() -> None:
    bound = [("10.0.0.1", 7882), ("10.0.0.2", 7882)]
    announced = ["203.0.113.1", "2001:db8::1"]
    assert host_candidates(bound, announced) == [(host, 7882) for host in announced]


def test_a_wildcard_stands_for_the_machine_s_addresses_of_its_family() -> None:
    told = host_candidates([("0.0.0.0", 7882)])  # noqa: S104 - nothing is bound
    addresses = [ipaddress.ip_address(host) for host, _port in told]
    assert addresses
    assert all(each.version == 4 and not each.is_unspecified for each in addresses)


def test_a_burst_looks_at_the_interfaces_once_and_a_new_address_is_there_after_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, now = [], 0.0
    adapters = [ifaddr.Adapter("eth0", "eth0", [ifaddr.IP("192.0.2.7", 24, "eth0")])]

    def look() -> list[ifaddr.Adapter]:
        looks.append(now)
        return adapters

    monkeypatch.setattr(ifaddr, "get_adapters", look)
    interfaces = Interfaces(lambda: now)
    for _ in range(100):
        assert list(map(str, interfaces.addresses())) == ["192.0.2.7"]
    adapters[0].ips.append(ifaddr.IP("192.0.2.8", 24, "eth0"))
    now = LOOK_EVERY
    assert list(map(str, interfaces.addresses())) == ["192.0.2.7", "192.0.2.8"]
    assert looks == [0.0, LOOK_EVERY]
