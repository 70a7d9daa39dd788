from trio_sfu.ids import RoomId
from trio_sfu.rooms.absent import AbsentScreens
from trio_sfu.signaling.messages import Moderated

ROOM, OTHER = RoomId("r"), RoomId("s")
BOB = Moderated(code="screen-taken-over", by="bob", name="Bob", source="screen")
CID = Moderated(code="screen-taken-over", by="cid", name="Cid", source="screen")


def test_who_took_a_place_first_is_told_once() -> None:
    screens = AbsentScreens()
    screens.leave("a", ROOM, 0)
    screens.take(OTHER, CID)
    screens.take(ROOM, BOB)
    screens.take(ROOM, CID)
    assert screens.back("a", 1) is BOB
    assert screens.back("a", 1) is None


def test_nobody_took_it() -> None:
    screens = AbsentScreens()
    screens.leave("a", ROOM, 0)
    assert screens.back("a", 1) is None
    screens.take(ROOM, BOB)
    assert len(screens) == 0


def test_it_goes_on_under_another_token() -> None:
    screens = AbsentScreens()
    screens.leave("a", ROOM, 0, BOB)
    screens.go_on("a", "b", 100)
    screens.go_on("unknown", "c", 100)
    assert [screens.back(token, 200) for token in ("a", "b", "c")] == [None, BOB, None]


def test_they_are_bounded_in_time_and_number() -> None:
    screens = AbsentScreens(window=120, most=10)
    screens.leave("old", ROOM, 0, BOB)
    assert screens.back("old", 121) is None
    for number in range(1_000):
        screens.leave(str(number), ROOM, 200, BOB)
    assert len(screens) == 10
    assert (screens.back("0", 200), screens.back("999", 200)) == (None, BOB)
