"""The engine as the control plane holds it: real threads, real sockets, one descriptor."""

import errno
import gc
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import trio

from tests.native import binding
from tests.native.peers import LOOPBACK, RANDOM, Peer, Start, next_events
from trio_sfu._native import (
    Connected,
    ConsentExpired,
    ControlDatagram,
    Engine,
    EngineError,
    Event,
    EventsLost,
    Heard,
    PathChanged,
    Silent,
    WorkerPanicked,
)

CAP_SYS_NICE = 23
"""Its bit among a process's capabilities (linux/capability.h)."""


@pytest.fixture
async def connected(engine: Engine) -> AsyncIterator[tuple[Engine, int, Peer]]:
    """An engine, a transport in it, and the peer that has just connected to it."""
    transport = engine.add_transport(binding.UFRAG, binding.PASSWORD)
    async with Peer(engine.local_addresses()[0][0]) as peer:
        await peer.check()
        assert await next_events(engine) == [Connected(transport, *peer.address)]
        yield engine, transport, peer


def threads() -> list[str]:
    """Return the names of the process' threads."""
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    return [name for name in names if name.startswith("sfu-worker-")]


def descriptors() -> dict[str, str]:
    """Return what the process has open."""
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        try:
            found[path.name] = str(path.readlink())
        except FileNotFoundError:
            continue
    return found


@pytest.mark.parametrize("family", [0, 1], ids=["ipv4", "ipv6"])
async def test_a_check_is_answered_with_the_address_it_came_from(
    engine: Engine, family: int
) -> None:
    transport = engine.add_transport(binding.UFRAG, binding.PASSWORD)
    async with Peer(engine.local_addresses()[0][family]) as peer:
        answer = await peer.check()
        assert answer.mapped == peer.address
        assert await next_events(engine) == [Connected(transport, *peer.address)]


async def test_all_addresses_of_a_worker_share_a_port(engine: Engine) -> None:
    [[first, second]] = engine.local_addresses()
    assert (first[0], second[0]) == ("127.0.0.1", "::1")
    assert first[1] == second[1] != 0


async def test_a_wrong_password_is_ignored_and_counted(engine: Engine) -> None:
    engine.add_transport(binding.UFRAG, binding.PASSWORD)
    async with Peer(engine.local_addresses()[0][0]) as peer:
        wrong, _ = binding.request(RANDOM, password="x" * 22)
        unknown, _ = binding.request(RANDOM, ufrag="nobody")
        await peer.send(wrong)
        await peer.send(unknown)
        # Datagrams keep their order here: only the right check is answered.
        await peer.check()
    counters = engine.counters()
    assert counters["drop_bad_integrity"] == 1
    assert counters["drop_unknown_ufrag"] == 1
    assert engine.census()["addresses"] == 1


async def test_garbage_is_counted_and_harms_nobody(
    connected: tuple[Engine, int, Peer],
) -> None:
    engine, transport, peer = connected
    before = engine.counters()
    check, _ = binding.request(RANDOM)
    garbage = [
        b"\xff",
        bytes(1200),
        check[:-9],
        b"\x80\x60" + bytes(30),
        b"\x80\xc8\x00\x06" + bytes(24),
    ]
    async with Peer(peer.server) as stranger:
        for datagram in garbage:
            await stranger.send(datagram)
            await peer.send(datagram)
        await stranger.send(b"\x16\xfe\xfd" + bytes(50))
        # An empty datagram is a datagram too.
        await peer.send(b"")
        await stranger.check()
    answer = await peer.check()
    assert answer.mapped == peer.address
    after = engine.counters()
    drops = {name: after[name] - before[name] for name in after if name.startswith("drop_")}
    assert sum(drops.values()) >= 2 * len(garbage) + 1, drops
    assert drops["drop_unknown_source"] >= 3
    assert [event for event in engine.drain_events() if isinstance(event, ControlDatagram)] == []
    assert engine.transport_stats(transport)["idle_ns"] < 5_000_000_000


async def test_dtls_goes_both_ways(connected: tuple[Engine, int, Peer]) -> None:
    engine, transport, peer = connected
    hello = b"\x16\xfe\xfd" + bytes(range(100))
    await peer.send(hello)
    assert await next_events(engine) == [ControlDatagram(transport, hello)]
    engine.send_control(transport, b"\x16\xfe\xfdanswer")
    assert await peer.receive() == (b"\x16\xfe\xfdanswer", peer.server)


async def test_a_nominated_address_takes_over(connected: tuple[Engine, int, Peer]) -> None:
    engine, transport, peer = connected
    async with Peer(peer.server) as moved:
        await moved.check(nominate=True)
        assert await next_events(engine) == [PathChanged(transport, *moved.address)]
        engine.send_control(transport, b"\x16here")
        assert (await moved.receive())[0] == b"\x16here"


async def test_silence_and_lost_consent_are_reported(start: Start) -> None:
    engine = start(silence_timeout_ms=100, consent_timeout_ms=600)
    transport = engine.add_transport(binding.UFRAG, binding.PASSWORD)
    async with Peer(engine.local_addresses()[0][0]) as peer:
        await peer.check()
        assert await next_events(engine) == [Connected(transport, *peer.address)]
        assert await next_events(engine) == [Silent(transport)]
        await peer.check()
        assert await next_events(engine) == [Heard(transport)]
        assert await next_events(engine) == [Silent(transport)]
        assert await next_events(engine) == [ConsentExpired(transport)]


async def test_the_descriptor_is_readable_exactly_while_events_wait(
    connected: tuple[Engine, int, Peer],
) -> None:
    engine, transport, peer = connected
    for number in range(3):
        await peer.send(b"\x16" + bytes([number]))
    received: list[Event] = []
    while len(received) < 3:
        with trio.fail_after(5):
            await trio.lowlevel.wait_readable(engine.event_fd())
        one = engine.drain_events(1)
        assert len(one) == 1
        received += one
    assert received == [ControlDatagram(transport, b"\x16" + bytes([n])) for n in range(3)]
    with trio.move_on_after(0.05) as waiting:
        await trio.lowlevel.wait_readable(engine.event_fd())
    assert waiting.cancelled_caught


async def test_a_queue_that_overflows_says_how_much_was_lost(start: Start) -> None:
    engine = start(event_queue=2)
    peers = []
    for number in range(5):
        engine.add_transport(f"ufrag{number}", binding.PASSWORD)
        peer = await Peer(engine.local_addresses()[0][0]).__aenter__()
        peers.append(peer)
        await peer.check(ufrag=f"ufrag{number}")
    # The last answer was sent before its event was queued: the queue is told first.
    engine.counters()
    events = engine.drain_events()
    assert events[0] == EventsLost(3)
    assert [type(event) for event in events[1:]] == [Connected, Connected]
    for peer in peers:
        peer.socket.close()


async def test_on_a_wildcard_address_the_answer_leaves_from_where_the_check_came_to(
    start: Start,
) -> None:
    engine = start([("0.0.0.0", 0), ("::", 0)])  # noqa: S104 - what is tested
    engine.add_transport(binding.UFRAG, binding.PASSWORD)
    [[(_, port), _]] = engine.local_addresses()
    for host in ("127.0.0.1", "127.0.0.77", "127.0.0.1"):
        async with Peer((host, port)) as peer:
            check, _ = binding.request(RANDOM)
            await peer.send(check)
            assert (await peer.receive())[1] == (host, port)
    # One remote address, two of ours at the same time, often within one wake-up of the
    # worker: each check is answered from where it came to.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(5)
        checks = [binding.request(RANDOM) for _ in range(100)]
        hosts = ["127.0.0.1", "127.0.0.77"] * 50
        asked = {transaction: host for (_, transaction), host in zip(checks, hosts, strict=True)}
        for (check, _), host in zip(checks, hosts, strict=True):
            peer.sendto(check, (host, port))
        answered = {}
        for _ in asked:
            datagram, source = peer.recvfrom(2048)
            answered[binding.answer(datagram).transaction] = source[0]
    assert answered == asked


async def test_a_panic_is_an_event_and_ends_that_worker_only(start: Start) -> None:
    engine = start(workers=2)
    lost = engine.add_transport(binding.UFRAG, binding.PASSWORD, worker=0)
    kept = engine.add_transport(binding.UFRAG, binding.PASSWORD, worker=1)
    address = engine.local_addresses()[0][0]
    engine._panic_worker(0, "on purpose")  # type: ignore[attr-defined]
    assert await next_events(engine) == [WorkerPanicked(0, "on purpose")]
    with pytest.raises(EngineError) as caught:
        engine.send_control(lost, b"\x16")
    assert caught.value.code == "worker-lost"
    # What was on it is gone, so removing it succeeds and counting goes on.
    engine.remove_transport(lost)
    assert engine.census()["transports"] == 1
    async with Peer(engine.local_addresses()[1][0]) as peer:
        await peer.check()
        assert await next_events(engine) == [Connected(kept, *peer.address)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as successor:
        successor.bind(address)


def test_there_is_no_transport_on_a_worker_that_does_not_exist(start: Start) -> None:
    engine = start([("127.0.0.1", 0)], workers=2)
    with pytest.raises(EngineError) as caught:
        engine.add_transport("x", binding.PASSWORD, worker=2)
    assert caught.value.code == "wrong-worker"


async def test_progress_moves_while_nothing_happens(engine: Engine) -> None:
    [before] = engine.progress()
    with trio.fail_after(5):
        while engine.progress() == [before]:  # noqa: ASYNC110 - nobody can tell us
            await trio.sleep(0.05)


async def test_segmentation_is_in_use_here(engine: Engine) -> None:
    assert engine.gso()


def test_close_leaves_no_descriptor_and_no_thread() -> None:
    gc.collect()
    fds, before = descriptors(), threads()
    engine = Engine(addresses=LOOPBACK, workers=3)
    engine.add_transport(binding.UFRAG, binding.PASSWORD)
    assert sorted(set(threads()) - set(before)) == [f"sfu-worker-{n}" for n in range(3)]
    engine.close()
    engine.close()
    assert threads() == before
    with pytest.raises(EngineError) as caught:
        engine.add_transport(binding.UFRAG, binding.PASSWORD)
    assert caught.value.code == "closed"
    engine.remove_transport(256)
    with pytest.raises(EngineError):
        engine.event_fd()
    assert descriptors() == fds, "though the object is still there"


def test_packets_go_before_the_event_loop_where_the_process_may_say_so(engine: Engine) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    limit, _ = resource.getrlimit(resource.RLIMIT_NICE)
    status = Path("/proc/self/status").read_text()
    capabilities = int(status.partition("CapEff:")[2].split()[0], 16)
    may = capabilities >> CAP_SYS_NICE & 1 or limit >= 20 - (mine - 5)
    for thread in Path("/proc/self/task").iterdir():
        worker = (thread / "comm").read_text().startswith("sfu-worker-")
        nice = os.getpriority(os.PRIO_PROCESS, int(thread.name))
        assert nice == (mine - 5 if worker and may else mine)


def test_a_forgotten_engine_ends_by_itself() -> None:
    gc.collect()
    fds, before = descriptors(), threads()
    engine = Engine(addresses=LOOPBACK)
    assert threads() != before
    del engine
    gc.collect()
    assert threads() == before
    assert descriptors() == fds


def test_a_taken_port_is_an_oserror_that_names_it(engine: Engine) -> None:
    taken = engine.local_addresses()[0][0]
    with pytest.raises(OSError, match=f"{taken[0]}:{taken[1]}") as caught:
        Engine(addresses=[taken])
    assert caught.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize(
    "arguments",
    [
        {"addresses": []},
        {"addresses": [("localhost", 0)]},
        {"addresses": LOOPBACK, "workers": 0},
        {"addresses": LOOPBACK, "consent_timeout_ms": 0},
        {"addresses": LOOPBACK, "event_queue": 0},
    ],
)
def test_bad_arguments_are_value_errors(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Engine(**arguments)  # type: ignore[arg-type]


def test_bad_handles_have_codes(engine: Engine) -> None:
    transport = engine.add_transport(binding.UFRAG, binding.PASSWORD)
    cases: dict[str, Callable[[], object]] = {
        "unknown-transport": lambda: engine.send_control(12345, b"\x16"),
        "unknown-track": lambda: engine.request_keyframe(transport + 256),
        "unknown-slot": lambda: engine.map_slot(transport + 256, None),
        "bad-keys": lambda: engine.set_srtp_keys(transport, "AEAD_AES_128_GCM", b"", b""),
        "bad-payload-type": lambda: engine.set_negotiated(
            transport, extensions=[], codecs=[(200, "opus", 48000, None)]
        ),
        "bad-extension": lambda: engine.set_negotiated(
            transport, extensions=[(0, "mid")], codecs=[]
        ),
        "bad-ssrc": lambda: engine.add_slot(transport, "0", "audio", ssrc=-1, cname="x"),
    }
    for code, call in cases.items():
        with pytest.raises(EngineError) as caught:
            call()
        assert caught.value.code == code
        assert code in str(caught.value)
    for remove in (engine.remove_transport, engine.remove_slot, engine.remove_up_track):
        remove(99999)
    assert engine.census()["transports"] == 1


def test_events_are_values() -> None:
    event = Connected(1, "::1", 5)
    match event:
        case Connected(transport, host, port):
            assert (transport, host, port) == (1, "::1", 5)
    assert event == Connected(1, "::1", 5) != Connected(2, "::1", 5)
    assert len({event, Connected(1, "::1", 5)}) == 1
    assert repr(event) == "Connected(transport=1, host='::1', port=5)"
    assert repr(ControlDatagram(1, b"\x16")) == r"ControlDatagram(transport=1, data=b'\x16')"
    with pytest.raises(AttributeError):
        event.port = 6
