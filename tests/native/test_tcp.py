"""Peers that connect, where UDP is blocked (RFC 6544)."""

import pytest

from tests.native import binding
from tests.native.peers import Peer, Start, TcpPeer, next_events
from trio_sfu._native import Connected, ControlDatagram, PathChanged


async def test_a_peer_connects_by_tcp(start: Start) -> None:
    engine = start([("127.0.0.1", 0)], tcp_port=0)
    assert engine.tcp_addresses() == engine.local_addresses()
    transport = engine.add_transport(binding.UFRAG, binding.PASSWORD)
    async with TcpPeer(engine.tcp_addresses()[0][0]) as peer:
        await peer.check(nominate=True)
        assert await next_events(engine) == [Connected(transport, *peer.address)]
        assert engine.transport_stats(transport)["tcp"] == 1
        assert engine.census()["streams"] == 1
        engine.send_control(transport, b"\x16abc")
        assert (await peer.receive())[0] == b"\x16abc"
        await peer.send(b"\x16def")
        assert await next_events(engine) == [ControlDatagram(transport, b"\x16def")]
        engine.remove_transport(transport)
        with pytest.raises((EOFError, ConnectionResetError)):
            await peer.receive()
    assert engine.counters()["stream_ended"] == 1
    assert set(engine.census().values()) == {0}


async def test_udp_takes_over_from_tcp_when_it_works_and_tcp_when_the_peer_says_so(
    start: Start,
) -> None:
    engine = start([("127.0.0.1", 0)], tcp_port=0)
    transport = engine.add_transport(binding.UFRAG, binding.PASSWORD)
    address = engine.local_addresses()[0][0]
    async with TcpPeer(address) as tcp, Peer(address) as udp:
        await tcp.check()
        await udp.check()
        assert engine.transport_stats(transport)["tcp"] == 0
        await tcp.check(nominate=True)
        assert engine.transport_stats(transport)["tcp"] == 1
        engine.drain_events()
        tcp.socket.close()
        assert await next_events(engine) == [PathChanged(transport, *udp.address)]
        assert engine.transport_stats(transport)["tcp"] == 0
        assert engine.transport_stats(transport)["connected"] == 1


async def test_without_a_tcp_port_nobody_is_let_in(start: Start) -> None:
    engine = start([("127.0.0.1", 0)])
    assert engine.tcp_addresses() == [[]]
    with pytest.raises(ConnectionRefusedError):
        async with TcpPeer(engine.local_addresses()[0][0]):
            pass
