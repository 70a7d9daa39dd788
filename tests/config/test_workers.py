"""How many workers there are, and the ports that they have."""

import pytest

from trio_sfu.config import load, model
from trio_sfu.config.ports import told_ports
from trio_sfu.errors import ConfigError


@pytest.fixture
def cpus(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(model, "usable_cpus", lambda: request.param)


def told(**flags: str) -> str:
    return told_ports(load(flags={f"media.{name}": text for name, text in flags.items()}).media)


@pytest.mark.parametrize(("cpus", "count"), [(1, 1), (2, 2), (8, 8), (64, 8)], indirect=["cpus"])
@pytest.mark.usefixtures("cpus")
def test_by_itself_it_is_one_for_each_cpu_and_not_too_many(count: int) -> None:
    assert load().media.worker_count == count
    assert load(flags={"media.workers": "3"}).media.worker_count == 3
    assert load(flags={"media.workers": "64"}).media.worker_count == 64


@pytest.mark.parametrize("cpus", [4], indirect=True)
@pytest.mark.usefixtures("cpus")
def test_the_ports_are_told() -> None:
    assert told() == "4 workers, UDP and TCP ports 7882 to 7885"
    assert told(workers="1") == "1 worker, UDP and TCP port 7882"
    assert told(tcp="false") == "4 workers, UDP ports 7882 to 7885"
    assert told(tcp_port="7882") == told()
    apart = "4 workers, UDP ports 5000 to 5003, TCP ports 443 to 446"
    assert told(tcp_port="443", port="5000") == apart
    assert told(port="0") == "4 workers, on ports that the system chooses"


@pytest.mark.parametrize("cpus", [4], indirect=True)
@pytest.mark.usefixtures("cpus")
def test_a_port_of_another_worker_that_is_the_pages_is_refused_with_the_ways_out() -> None:
    with pytest.raises(ConfigError, match=r"both 7884: .* media.workers to 2 at most"):
        load(flags={"http.port": "7884"})
    load(flags={"http.port": "7884", "media.workers": "2"})
    load(flags={"http.port": "7886"})
