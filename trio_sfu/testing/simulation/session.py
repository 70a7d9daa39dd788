"""One session of a simulated client: a transport, one socket at a time, and what it knows.

It does what client/src/lib/session.ts does: a lost socket is replaced and the session
resumed while its media is alive, a changed or lost path is replaced by an ICE restart, and
when neither helps the session is over and its client joins anew.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from random import Random
from typing import Final

import trio

from trio_sfu.rooms.state import SHARED
from trio_sfu.signaling.carried import SlotState, Source
from trio_sfu.signaling.messages import (
    Answer,
    ClientMessage,
    Error,
    Join,
    Joined,
    Leave,
    Moderated,
    Offer,
    Publish,
    Resume,
    Resumed,
    ServerMessage,
    Slots,
    SlotShows,
)
from trio_sfu.testing.simulation.conversation import Conversation
from trio_sfu.testing.simulation.description import (
    SENDING,
    Layout,
    read_answer,
    sending_lines,
    slot_lines,
    write_offer,
)
from trio_sfu.testing.simulation.ending import Ending, Former
from trio_sfu.testing.simulation.network import Host, Network
from trio_sfu.testing.simulation.packets import Received, Tag
from trio_sfu.testing.simulation.socket import ClientSocket
from trio_sfu.testing.simulation.transport import ClientTransport
from trio_sfu.testing.simulation.viewing import Gaze, Viewing
from trio_sfu.testing.simulation.wire import WireEnd

PAIRS: Final = Layout().pairs
RESUME_WITHIN: Final = 12.0
"""Seconds within which a lost socket is replaced."""
_RESUME_EVERY: Final = 0.5
_REQUEST: Final = 10.0
"""Seconds within which a join and an offer are answered."""

OnMedia = Callable[["ClientSession", str, Received], None]
Tell = Callable[[str], None]


@dataclass(eq=False)
class ClientSession:
    """From dialling to the end. ``run`` is its whole life."""

    label: str
    room: str
    replaces: Former | None
    network: Network
    host: Host
    random: Random
    dial: Callable[[], WireEnd]
    on_media: OnMedia
    tell: Tell
    """Tells the story what happened."""
    wrong: Tell
    """Says what must not be."""
    displaced: Callable[[], None]
    """Is called when another client has shared a screen in place of this one's."""
    viewing: InitVar[Viewing]
    published: dict[Source, bool] = field(default_factory=dict)
    """What it publishes: source, and whether it is muted."""
    layout: Layout = field(default_factory=Layout)
    slots: dict[str, SlotState] = field(default_factory=dict)
    shows: dict[str, SlotShows] = field(default_factory=dict)
    last_media: dict[tuple[str, Source], float] = field(default_factory=dict)
    """When something of a sender's source came last."""
    joined: Joined | None = None
    error: str | None = None
    ending: Ending = "failed"
    over: bool = False
    reachable: bool = True
    """Whether the server could be told of the end."""
    resumes: int = 0
    """How often it went on with another socket."""

    def __post_init__(self, viewing: Viewing) -> None:
        self.gaze = Gaze(viewing, self.say)
        self.transport = ClientTransport(self.network, self.host, self.random, self._media)
        self.conversation = Conversation(lambda what: self.wrong(f"{self.label}: {what}"))
        self._socket: ClientSocket | None = None
        self._lost_since: float | None = None
        self._pending: Offer | None = None
        self._asked = trio.current_time()
        self._offers = 0
        self._scope = trio.CancelScope()

    @property
    def healthy(self) -> bool:
        """Whether it is in the room, heard, and its media connection stands."""
        return (
            self.joined is not None
            and self._lost_since is None
            and self.transport.secured
            and not (self.over or self.transport.hung)
        )

    @property
    def resuming(self) -> bool:
        """Whether it has lost its socket and is not resumed yet."""
        return self._lost_since is not None

    @property
    def connected(self) -> bool:
        """Whether it has a socket that is open."""
        return self._socket is not None and self._socket.opened

    @property
    def settled(self) -> bool:
        """Whether it is healthy and nothing of it is under way."""
        return self.healthy and self._pending is None and self.transport.ice.next is None

    def say(self, message: ClientMessage) -> None:
        """Queue a message; it is lost when there is no socket."""
        if not self.over and self._socket is not None:
            self._socket.say(message)

    def publish(self, source: Source, *, live: bool, muted: bool = False) -> None:
        """Publish a source, mute it or stop it."""
        if live:
            self.published[source] = muted
        else:
            self.published.pop(source, None)
        self._announce(source)

    def _announce(self, source: Source, *, again: bool = False) -> None:
        live, muted = source in self.published, self.published.get(source, False)
        self.say(Publish(source=source, live=live, muted=muted, again=again))

    def lose_socket(self, *, silently: bool = False) -> None:
        """Lose the socket alone; the media goes on. ``silently``: the server is not told."""
        if self._socket is not None and not self.over:
            if silently:
                self._socket.vanish()
            else:
                self._socket.lose()

    def restart_ice(self, *, keep: bool) -> None:
        """Offer new credentials, from the host's address of now."""
        if self.joined is None or not self.transport.secured or self._pending is not None:
            return
        self.transport.restart(keep=keep)
        self._offer()

    def end(self, ending: Ending) -> None:
        """End it in some way; only the first call counts."""
        if self.over:
            return
        self.reachable = (
            self._socket is not None
            and not self._socket.lost
            and self._lost_since is None
            and not self.host.partitioned
        )
        if ending == "left":
            self.say(Leave())
        self.over = True
        self.ending = ending
        self.transport.close(goodbye=ending in ("left", "closed"))
        socket = self._socket
        if socket is None:
            self._scope.cancel()
        elif ending == "vanished":
            socket.vanish()
        elif ending == "closed":
            socket.close()
        elif ending != "left":
            socket.lose()

    async def run(self) -> None:
        """Join, negotiate, and live until something ends the session."""
        with self._scope:
            await self._signal()
        self.end("failed")

    async def _signal(self) -> None:
        replaces = self.replaces.resume_token if self.replaces is not None else None
        first: ClientMessage = Join(room=self.room, name=self.label, replaces=replaces)
        while not self.over:
            self._socket = ClientSocket(self.dial(), self.label)
            await self._socket.run(first, self._hear)
            self._socket = None
            if self.over or self.joined is None or not self._resumable():
                return
            first = Resume(resume_token=self.joined.resume_token)
            if self._lost_since is None:
                self._lost_since = trio.current_time()
                self.tell(f"{self.label} has lost its socket")
                await trio.lowlevel.checkpoint()
            else:
                await trio.sleep(_RESUME_EVERY)

    def _resumable(self) -> bool:
        lost = trio.current_time() - (self._lost_since or trio.current_time())
        return self.transport.secured and self.transport.ice.connected and lost <= RESUME_WITHIN

    def _hear(self, message: ServerMessage) -> None:
        self.conversation.hear(message)
        match message:
            case Joined():
                self.joined = message
                self._offer()
            case Resumed():
                self._resumed(message)
            case Answer():
                self._answered(message)
            case Slots():
                self.slots = {slot.mid: slot for slot in message.slots}
                self.gaze.seat(message.slots)
            case SlotShows():
                self.shows[message.mid] = message
            case Moderated(code="screen-taken-over"):
                self.displaced()
                for source in SHARED:
                    self.publish(source, live=False)
            case Error() if message.fatal:
                self.error = message.code
                self.end("failed")
            case Error(id=number) if number == self._offers and self._pending is not None:
                self.error = message.code
                self.end("failed")
            case _:
                pass

    def _offer(self) -> None:
        self._offers += 1
        sdp = write_offer(self.transport.ice.credentials, self.layout)
        slots = slot_lines(self.layout)
        offer = Offer(id=self._offers, sdp=sdp, sending=sending_lines(), slots=slots)
        self._pending = offer
        self._asked = trio.current_time()
        self.say(offer)

    def _answered(self, answer: Answer) -> None:
        if self.over or self._pending is None or answer.id != self._pending.id:
            return
        self._pending = None
        tag = Tag(self.label, self.room, "microphone", "")
        wrong = self.transport.answered(read_answer(answer.sdp), self.random, tag)
        if wrong is not None:
            self.wrong(f"{self.label}: {wrong}")
        if answer.id == 1:
            for source in self.published:
                self._announce(source, again=True)

    def _resumed(self, message: Resumed) -> None:
        """Say again what the old socket may have lost."""
        if self.joined is None or message.peer != self.joined.peer:
            self.wrong(f"{self.label} was resumed as {message.peer}")
        self._lost_since = None
        self.resumes += 1
        self.conversation.begin()
        self.tell(f"{self.label} is resumed")
        for source in SENDING:
            self._announce(source, again=True)
        self.gaze.say_again()
        if self._pending is not None:
            self.say(self._pending)

    def tick(self) -> None:
        """Do what is due every ``PERIOD``."""
        if self._socket is not None:
            self._socket.tick()
        if self.over:
            return
        self.transport.tick(set(self.published))
        if self.transport.ice.wants_restart and not self.transport.hung:
            self.tell(f"{self.label} restarts ICE")
            self.restart_ice(keep=False)
        waits = self.joined is None or self._pending is not None
        if self.transport.failed or (waits and trio.current_time() - self._asked > _REQUEST):
            self.end("failed")

    def _media(self, mid: str, received: Received) -> None:
        self.last_media[received.tag.sender, received.tag.source] = trio.current_time()
        self.on_media(self, mid, received)
