from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from trio_sfu.ids import PeerId
from trio_sfu.rooms.state import RoomState
from trio_sfu.rooms.tracks import Tracks
from trio_sfu.rooms.view import View
from trio_sfu.signaling.carried import SlotLine, Source

PEERS = st.sampled_from([PeerId(name) for name in "abcd"])
SOURCES: st.SearchStrategy[Source] = st.sampled_from(
    ["camera", "microphone", "screen", "screen-audio"]
)
LINES = [
    SlotLine(mid=f"{kind[0]}{pair}", kind=kind, pair=pair)
    for pair in range(2)
    for kind in ("audio", "video")
] + [SlotLine(mid="a2", kind="audio", pair=2)]


class Rooms(RuleBasedStateMachine):
    """Whatever happens in whatever order, what is shown is there to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.state = RoomState()
        self.view = View(LINES)

    @rule(peer=PEERS)
    def enter_or_leave(self, peer: PeerId) -> None:
        if not self.state.leave(peer):
            self.state.enter(peer, "n")

    @rule(peer=PEERS, source=SOURCES, live=st.booleans(), muted=st.booleans())
    def publish(self, peer: PeerId, source: Source, live: bool, muted: bool) -> None:  # noqa: FBT001
        if peer in self.state.members:
            before = self.state.members[peer].info()
            changed = self.state.publish(peer, source, live=live, muted=muted)
            assert changed == (self.state.members[peer].info() != before)

    @rule(
        peer=PEERS,
        source=SOURCES,
        rid=st.sampled_from(["", "q", "h"]),
        what=st.sampled_from(["start", "pause", "stop"]),
    )
    def flow(self, peer: PeerId, source: Source, rid: str, what: str) -> None:
        if peer in self.state.members:
            before = self.state.members[peer].encodings(source)
            changed = getattr(self.state, f"{what}_encoding")(peer, source, rid)
            after = self.state.members[peer].encodings(source)
            assert changed == (after != before)
            assert what != "start" or rid in after
            assert what != "stop" or rid not in after

    @invariant()
    def only_what_is_there_is_shown(self) -> None:
        self.view.seat(self.state.members.values())
        plan = self.view.plan(0.0, self.state.members, Tracks()).plan
        assert set(plan) == {line.mid for line in LINES}
        for line in LINES:
            wanted = plan[line.mid]
            if wanted is None:
                continue
            member = self.state.members[wanted.peer]
            assert wanted.source in member.published
            assert (line.kind == "video") == (wanted.source in ("camera", "screen"))
            if line.kind == "video":
                assert not member.published[wanted.source]
                assert wanted.rid is None or wanted.rid in member.encodings(wanted.source)

    @invariant()
    def a_screen_that_has_begun_is_on_every_stage(self) -> None:
        for member in self.state.members.values():
            shared = member.published.get("screen") is False and member.encodings("screen")
            assert (member.publisher().stage == "screen") == bool(shared)

    @invariant()
    def what_flows_goes_before_what_pauses(self) -> None:
        for member in self.state.members.values():
            for source, rids in member.flowing.items():
                assert not rids or member.encodings(source) == rids
                assert not rids & member.idle.get(source, set())


TestRooms = Rooms.TestCase
