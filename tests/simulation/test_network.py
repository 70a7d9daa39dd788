"""The simulated network does what its conditions say, and only that."""

from random import Random

import pytest
import trio

from trio_sfu.testing.simulation.clock import VirtualClock
from trio_sfu.testing.simulation.network import TICK, Conditions, Host, Network
from trio_sfu.testing.simulation.wire import WINDOW, WireEnd, wire

ENGINE = ("192.0.2.1", 7882)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def network(nursery: trio.Nursery, conditions: Conditions) -> tuple[Network, Host, list[bytes]]:
    made = Network(Random(1), ENGINE)
    host, arrived = Host("c1", ("198.51.100.1", 40_000), conditions), list[bytes]()
    made.attach(host, host.address, lambda _source, _to, data: arrived.append(data))
    made.serve(lambda _source, _to, data: arrived.append(data))
    nursery.start_soon(made.run)
    return made, host, arrived


async def test_loss_delay_order_and_doubles(clock: VirtualClock) -> None:
    async with trio.open_nursery() as nursery:
        conditions = Conditions(loss=0.2, delay=0.1, jitter=0.1, duplication=0.1)
        made, host, arrived = network(nursery, conditions)
        for number in range(1000):
            made.send_up(host.address, number.to_bytes(2))
        await trio.sleep(0.09)
        assert not arrived
        await trio.sleep(0.15)
        assert 700 < len(set(arrived)) < 900
        assert len(arrived) > len(set(arrived))
        assert arrived != sorted(arrived)
        nursery.cancel_scope.cancel()


async def test_a_rate_delays_and_a_full_queue_loses(clock: VirtualClock) -> None:
    async with trio.open_nursery() as nursery:
        made, host, arrived = network(nursery, Conditions(delay=0, jitter=0, rate=10_000))
        for _ in range(100):
            made.send_up(host.address, bytes(100))
        await trio.sleep(0.105)
        assert 9 <= len(arrived) <= 12
        await trio.sleep(1)
        assert len(arrived) in (30, 31)  # what fits 0.3 s at 100 packets a second
        made.send_down(host.address, bytes(100))
        await trio.sleep(TICK)
        assert len(arrived) in (31, 32)
        nursery.cancel_scope.cancel()


async def test_a_blocked_address_is_blocked_for_its_time(clock: VirtualClock) -> None:
    async with trio.open_nursery() as nursery:
        made, host, arrived = network(nursery, Conditions())
        made.block(host.address, 5)
        made.send_up(host.address, b"lost")
        made.send_down(host.address, b"lost")
        await trio.sleep(5.1)
        made.send_up(host.address, b"there")
        await trio.sleep(1)
        assert arrived == [b"there"]
        nursery.cancel_scope.cancel()


async def test_a_partition_loses_datagrams_and_holds_bytes(clock: VirtualClock) -> None:
    async with trio.open_nursery() as nursery:
        made, host, arrived = network(nursery, Conditions())
        near, far = wire(made, host)
        made.partition(host)
        made.send_up(host.address, b"lost")
        await near.send_all(b"ho")
        await near.send_all(b"ld")
        with trio.move_on_after(60) as waited:
            await far.receive_some()
        assert waited.cancelled_caught
        made.heal(host)
        await near.send_all(b"!")
        assert await read(far, 5) == b"hold!"
        assert not arrived
        nursery.cancel_scope.cancel()


async def test_a_stream_takes_no_more_than_its_window(clock: VirtualClock) -> None:
    async with trio.open_nursery() as nursery:
        made, host, _ = network(nursery, Conditions())
        near, far = wire(made, host)
        nursery.start_soon(near.send_all, bytes(WINDOW + 10))
        await trio.sleep(1)
        with trio.move_on_after(60) as waited:
            await near.wait_send_all_might_not_block()
        assert waited.cancelled_caught
        assert len(await read(far, WINDOW + 10)) == WINDOW + 10
        nursery.cancel_scope.cancel()


async def test_streams_end_in_three_ways(clock: VirtualClock) -> None:
    async with trio.open_nursery() as nursery:
        made, host, _ = network(nursery, Conditions())
        near, far = wire(made, host)
        await near.send_all(b"last words")
        await near.aclose()
        assert await far.receive_some() == b"last words"
        assert await far.receive_some() == b""
        near, far = wire(made, host)
        near.reset()
        with pytest.raises(trio.BrokenResourceError):
            await far.receive_some()
        near, far = wire(made, host)
        near.vanish()
        with trio.move_on_after(3600) as waited:
            await far.receive_some()
        assert waited.cancelled_caught
        nursery.cancel_scope.cancel()


async def read(stream: WireEnd, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await stream.receive_some()
    return data
