from contextlib import suppress

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import ConnectionClosed

from tests.signaling.calling import calling, listen_to_the_end
from trio_sfu.config.model import Signaling
from trio_sfu.rooms.link import Departure
from trio_sfu.signaling.messages import MAX_MESSAGE_BYTES, Error, Join, Ping, Pong
from trio_sfu.signaling.session import Session


async def test_messages_go_both_ways_in_order(autojump_clock: MockClock) -> None:
    heard = []

    async def serve(session: Session) -> None:
        for _ in range(3):
            message = await session.receive()
            heard.append(message)
            if isinstance(message, Ping):
                session.send(Pong(id=message.id))

    async with calling(serve) as call:
        await call.say('{"type":"join","room":"r","name":"n","newer":{"than":["we"]}}')
        await call.say('{"type":"ping","id":1}')
        await call.say('{"type":"ping","id":2}')
        assert [await call.hear(), await call.hear()] == [Pong(id=1), Pong(id=2)]
    assert heard == [Join(room="r", name="n"), Ping(id=1), Ping(id=2)]


@pytest.mark.parametrize(
    ("frame", "code", "close"),
    [
        (b"{}", "message-binary", 1003),
        ("", "message-malformed", 1008),
        ("{", "message-malformed", 1008),
        ("[]", "message-malformed", 1008),
        ("null", "message-malformed", 1008),
        ("[" * 100_000, "message-malformed", 1008),
        ('{"type":"ping","id":1,"x":' + "[" * 100_000, "message-malformed", 1008),
        ('{"type":"join","room":"\\ud800","name":"n"}', "message-malformed", 1008),
        ("{}", "message-malformed", 1008),
        ('{"type":"ping"}', "message-malformed", 1008),
        ('{"type":"ping","id":-1}', "message-malformed", 1008),
        ('{"type":"ping","id":"1"}', "message-malformed", 1008),
        ('{"type":"publish","source":"eyes","live":true}', "message-malformed", 1008),
        ('{"type":"join","room":"a b","name":"n"}', "message-malformed", 1008),
        ('{"type":"join","room":"a\\n","name":"n"}', "message-malformed", 1008),
        ('{"type":"dance"}', "message-unknown", 1008),
        ('{"type":"joined"}', "message-unknown", 1008),
        ('{"type":"ping","id":1,"x":"' + "x" * MAX_MESSAGE_BYTES + '"}', "message-too-large", 1009),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_no_message_is_told_with_its_code_and_ends_the_session(
    frame: str | bytes, code: str, close: int, autojump_clock: MockClock
) -> None:
    async with calling() as call:
        await call.say(frame)
        assert await call.refused() == (code, close)
        await call.finished.wait()
        assert call.session.departure is Departure.ENDED
        assert call.counted == {code: 1}


async def test_a_message_beyond_all_measure_is_closed_upon_and_counted(
    autojump_clock: MockClock,
) -> None:
    async with calling() as call:
        await call.say("x" * (2 * MAX_MESSAGE_BYTES + 1))
        assert await call.closed() == 1009
        await call.finished.wait()
        assert call.counted == {"message-too-large": 1}


async def test_bytes_that_are_no_websocket_frame_end_the_session_and_are_counted(
    autojump_clock: MockClock,
) -> None:
    async with calling() as call:
        await call.stream.send_all(b"\xff" * 100)
        await call.finished.wait()
        assert call.session.departure is Departure.ENDED
        assert call.counted == {"protocol-error": 1}


async def test_a_goodbye_of_the_client_is_a_departure_without_error(
    autojump_clock: MockClock,
) -> None:
    async with calling() as call:
        await call.client.aclose(1001)
        await call.finished.wait()
        assert call.session.departure is Departure.LEFT
        assert call.counted == {}


async def test_a_goodbye_is_one_also_when_the_writer_is_told_before_the_reader(
    autojump_clock: MockClock,
) -> None:
    async with calling() as call:
        call.to_client.congested = True  # The answer to the close frame waits, the reader with it.
        with trio.move_on_after(1):
            await call.client.aclose(1000)
        call.session.send(Pong(id=1))
        with trio.fail_after(5):
            await call.finished.wait()
        assert call.session.departure is Departure.LEFT


async def test_a_socket_that_ends_without_a_goodbye_is_lost(autojump_clock: MockClock) -> None:
    async with calling() as call:
        await call.stream.aclose()
        await call.finished.wait()
        assert call.session.departure is Departure.LOST
        assert call.counted == {}


async def test_messages_before_the_goodbye_are_still_received(autojump_clock: MockClock) -> None:
    heard = []

    async def serve(session: Session) -> None:
        await trio.sleep(1)
        heard.append(await session.receive())
        with pytest.raises(trio.EndOfChannel):
            await session.receive()

    async with calling(serve) as call:
        await call.say('{"type":"ping","id":1}')
        await call.client.aclose()
        await call.finished.wait()
    assert heard == [Ping(id=1)]


async def test_talking_too_fast_for_too_long_is_told_and_ends_the_session(
    autojump_clock: MockClock,
) -> None:
    settings = Signaling(messages_per_second=10, burst=20)
    async with calling(settings=settings) as call:
        for number in range(20):
            await call.say(f'{{"type":"ping","id":{number}}}')
        await trio.sleep(1)
        for number in range(11):
            await call.say(f'{{"type":"ping","id":{number}}}')
        assert await call.refused() == ("rate-limited", 1008)


async def test_a_peer_that_does_not_keep_up_bounds_what_waits(autojump_clock: MockClock) -> None:
    async def busy(_session: Session) -> None:
        await trio.sleep_forever()

    async with calling(busy, Signaling(burst=10_000)) as call:
        with suppress(ConnectionClosed):
            for number in range(100):
                await call.say(f'{{"type":"ping","id":{number}}}')
        assert await call.refused() == ("rate-limited", 1008)


async def test_a_full_outbox_ends_the_session(autojump_clock: MockClock) -> None:
    async def flood(session: Session) -> None:
        for number in range(1_000):
            session.send(Pong(id=number))
        await listen_to_the_end(session)

    async with calling(flood) as call:
        await call.finished.wait()
        assert call.counted == {"slow-consumer": 1}


async def test_a_client_that_never_reads_is_cut_off(autojump_clock: MockClock) -> None:
    async def chatter(session: Session) -> None:
        while session.departure is None:
            session.send(Pong(id=0))
            await trio.sleep(1)

    async with calling(chatter) as call:
        call.to_client.congested = True
        with trio.fail_after(15):
            await call.finished.wait()
        assert call.session.departure is Departure.ENDED
        assert call.counted == {"slow-consumer": 1}


async def test_a_silent_client_is_lost_after_a_ping_without_answer(
    autojump_clock: MockClock,
) -> None:
    # A client that reads TCP but answers no ping: the other end of a dead proxy.
    async with calling(settings=Signaling(ping_interval=5, ping_timeout=10)) as call:
        call.to_server.congested = True
        start = trio.current_time()
        with trio.fail_after(30):
            await call.finished.wait()
        assert call.session.departure is Departure.LOST
        assert call.counted == {"heartbeat-timeout": 1}
        assert 15 <= trio.current_time() - start <= 20


def tasks_below(task: trio.lowlevel.Task) -> list[trio.lowlevel.Task]:
    children = [each for nursery in task.child_nurseries for each in nursery.child_tasks]
    return children + [below for child in children for below in tasks_below(child)]


async def test_an_idle_client_that_answers_pings_stays(autojump_clock: MockClock) -> None:
    async with calling() as call:
        await trio.sleep(3_600)
        assert call.session.departure is None


async def test_the_end_flushes_what_is_queued_and_counts_once(autojump_clock: MockClock) -> None:
    async def serve(session: Session) -> None:
        session.send(Pong(id=1))
        session.end("peer-failed")
        session.end("room-failed")
        session.send(Pong(id=2))

    async with calling(serve) as call:
        assert await call.hear() == Pong(id=1)
        assert await call.refused() == ("peer-failed", 1011)
        await call.finished.wait()
        assert call.counted == {"peer-failed": 1}


async def test_a_plain_end_is_a_normal_close(autojump_clock: MockClock) -> None:
    async def serve(session: Session) -> None:
        session.end()

    async with calling(serve) as call:
        assert await call.closed() == 1000
        assert call.counted == {}


async def test_an_error_in_who_serves_is_told_and_closes_the_socket(
    autojump_clock: MockClock,
) -> None:
    async def serve(session: Session) -> None:
        await session.receive()
        raise RuntimeError("a defect")

    async with calling(serve) as call:
        await call.say('{"type":"ping","id":1}')
        error = await call.hear()
        assert isinstance(error, Error)
        (failure,) = call.journal.failures.recent()
        assert (error.code, error.fatal, error.rejoin) == ("connection-failed", True, True)
        assert (error.failure, failure.code) == (failure.id, "connection-failed")
        assert await call.closed() == 1011
        await call.finished.wait()
        assert call.session.departure is Departure.LOST
        assert call.counted == {"connection-failed": 1}


async def test_a_session_that_is_cancelled_from_inside_has_failed(
    autojump_clock: MockClock,
) -> None:
    async def serve(session: Session) -> None:
        with suppress(trio.EndOfChannel):
            await session.receive()
        nursery = trio.lowlevel.current_task().child_nurseries[-1]
        nursery.cancel_scope.cancel()

    async with calling(serve) as call:
        await call.say('{"type":"ping","id":1}')
        assert await call.refused() == ("connection-failed", 1011)
        await call.finished.wait()
        (failure,) = call.journal.failures.recent()
        assert failure.causes[0].type == "StrayCancelError"


async def test_an_error_after_the_goodbye_tells_nothing_more(autojump_clock: MockClock) -> None:
    async def serve(session: Session) -> None:
        await session.receive()
        session.end("peer-failed")
        await trio.sleep(0.1)
        raise RuntimeError("a defect")

    async with calling(serve) as call:
        await call.say('{"type":"ping","id":1}')
        assert await call.refused() == ("peer-failed", 1011)
        await call.finished.wait()
        assert call.counted == {"peer-failed": 1}
        assert len(call.journal.failures.recent()) == 1


async def test_an_error_while_the_client_does_not_read_ends_in_time(
    autojump_clock: MockClock,
) -> None:
    async def serve(session: Session) -> None:
        await session.receive()
        session.send(Pong(id=1))
        await trio.sleep(0.1)
        raise RuntimeError("a defect")

    async with calling(serve) as call:
        await call.say('{"type":"ping","id":1}')
        call.to_client.congested = True
        with trio.fail_after(3):
            await call.finished.wait()
        assert len(call.journal.failures.recent()) == 1


async def test_the_session_leaves_no_task_behind(autojump_clock: MockClock) -> None:
    async with calling() as call:
        await call.client.aclose()
        with trio.fail_after(0.1):
            await call.finished.wait()
        names = [task.name for task in tasks_below(trio.lowlevel.current_task())]
        assert [name for name in names if call.session.id in name] == []
