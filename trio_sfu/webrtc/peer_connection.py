"""A peer's connection: negotiation, the DTLS association, up-tracks and slots."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, Literal

import trio
from aiortc.rtcdtlstransport import RTCDtlsParameters

from trio_sfu import _native
from trio_sfu._native import Codec
from trio_sfu.access.grant import EVERYTHING
from trio_sfu.errors import MediaError, NegotiationError
from trio_sfu.media.engine import MediaEngine
from trio_sfu.media.track import Slot, UpTrack
from trio_sfu.media.transport import Transport, TransportEvent, TransportLost
from trio_sfu.signaling.carried import Rights, Source
from trio_sfu.signaling.messages import Offer
from trio_sfu.webrtc.answer import LocalDescription, write_answer
from trio_sfu.webrtc.budget import OfferBudget
from trio_sfu.webrtc.candidates import host_candidates
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.codecs import VIDEO
from trio_sfu.webrtc.dtls import Associate, Secured, open_association
from trio_sfu.webrtc.events import (
    Connected,
    EncodingIdle,
    EncodingStarted,
    EncodingStopped,
    Estimate,
    Failed,
    Heard,
    IceRestarted,
    Path,
    PeerConnectionEvent,
    Silent,
    SlotShows,
)
from trio_sfu.webrtc.limits import OfferLimits
from trio_sfu.webrtc.lines import Lines
from trio_sfu.webrtc.negotiation import Negotiation
from trio_sfu.webrtc.offer import parse_offer

__all__ = [
    "Connected",
    "EncodingIdle",
    "EncodingStarted",
    "EncodingStopped",
    "Estimate",
    "Failed",
    "Heard",
    "IceRestarted",
    "PeerConnection",
    "PeerConnectionEvent",
    "Silent",
    "SlotShows",
    "open_peer_connection",
]

EVENTS: Final = 256
"""Events that may wait for the owner. When it takes none, more wait in the transport's
inbox, which bounds them by failing the connection."""


class PeerConnection:
    """What a peer's client negotiated. Made by ``open_peer_connection``."""

    def __init__(
        self,
        engine: MediaEngine,
        certificate: Certificate,
        nursery: trio.Nursery,
        handles: AsyncExitStack,
        *,
        worker: int,
        announced: Sequence[str],
        handshake_timeout: float,
        limits: OfferLimits,
        video: Sequence[Codec],
        rights: Rights,
        associate: Associate,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._open_association = associate
        self._certificate = certificate
        self._nursery = nursery
        self._handles = handles
        self._handshake_timeout = handshake_timeout
        self._path = trio.lowlevel.current_task().name
        self._limits = limits
        self._negotiation = Negotiation(limits=limits, video=video, rights=rights)
        self._negotiating = trio.Lock()
        self._budget = OfferBudget()
        ice_ufrag, ice_pwd = _fresh_credentials()
        self._local = LocalDescription(
            session_id=secrets.randbits(62),
            ice_ufrag=ice_ufrag,
            ice_pwd=ice_pwd,
            fingerprint=certificate.fingerprint,
            candidates=host_candidates(engine.candidates(worker), announced),
            tcp_candidates=host_candidates(engine.tcp_candidates(worker), announced),
        )
        self._answers = 0
        self._transport: Transport | None = None
        self._lines = Lines()
        self._failed = False
        self._is_measured = False
        self._events, self.events = trio.open_memory_channel[PeerConnectionEvent](EVENTS)

    @property
    def slots(self) -> Mapping[str, Slot]:
        """The negotiated slots by mid, in the order of the offers."""
        return MappingProxyType(self._lines.slots)

    @property
    def decodes(self) -> frozenset[Codec]:
        """The video codecs that the client receives; none before it has slots for video."""
        return self._negotiation.decodes

    @property
    def encodes(self) -> Mapping[Source, Sequence[Codec]]:
        """The codecs that the client may send a source with, as the answer ordered them."""
        return self._negotiation.encodes

    @property
    def lost(self) -> TransportLost | None:
        """Why the transport is of no more use, if it is."""
        return self._transport.lost if self._transport is not None else None

    @property
    def estimate(self) -> int | None:
        """What the path to the peer carries, in bits/s; None before the first estimate."""
        return self._transport.estimate if self._transport is not None else None

    @property
    def is_measured(self) -> bool:
        """Whether the path to the peer will be measured: transport-cc is negotiated."""
        return self._is_measured

    def set_demand(self, bitrate: int) -> None:
        """Say what the peer would be sent if its path carried it, in bits/s.

        Raises EngineError when the engine is lost.
        """
        if self._transport is not None:
            self._transport.set_demand(bitrate)

    @property
    def loss(self) -> float:
        """The share of packets to the peer that get lost; 0 while that is not known.

        Raises EngineError when the engine is lost.
        """
        if self._transport is None or self._transport.lost is not None:
            return 0.0
        # It is not among the numbers before there is an estimate.
        return self._transport.stats().get("loss_permille", 0) / 1_000

    def up_track(self, source: Source) -> UpTrack | None:
        """Return the up-track of a negotiated source; None once the transport is lost."""
        if self._transport is not None and self._transport.lost is not None:
            # Its number may be that of another track in the engine that came after.
            return None
        return self._lines.up_tracks.get(source)

    def stats(self) -> dict[str, Any]:
        """Return the engine's numbers of the transport, the up-tracks and the slots."""
        if self._transport is None:
            return {}
        return {
            "transport": self._transport.stats(),
            "up_tracks": {name: track.stats() for name, track in self._lines.up_tracks.items()},
            "slots": {mid: slot.stats() for mid, slot in self._lines.slots.items()},
        }

    async def negotiate(self, offer: Offer) -> str:
        """Answer an offer; the engine has what it agrees on before the answer is returned.

        An offer with new ICE credentials is answered with new ones (RFC 8839); DTLS, SRTP
        and what is shown go on as they are. Not to be called again before it has returned.
        Raises NegotiationError; the connection goes on then as it was. Raises EngineError
        when the engine is lost.
        """
        async with self._negotiating:
            return await self._negotiate(offer)

    async def allow(self, rights: Rights) -> None:
        """Have other rights count; what the client may not any more ends in the engine at once.

        What it may now, and might not before, its next offer brings.
        """
        async with self._negotiating:
            for use in self._negotiation.allow(rights):
                self._lines.close(use)

    async def _negotiate(self, offer: Offer) -> str:
        if not self._budget.take(trio.current_time()):
            raise NegotiationError("too many offers; wait a little", code="too-many-offers")
        parsed = parse_offer(offer.sdp, self._limits)
        agreement = self._negotiation.agree(parsed, offer.sending, offer.slots)
        first = self._transport is None
        setup = self._choose_setup(parsed.dtls, first=first)
        async with AsyncExitStack() as undo:
            transport = self._transport or await self._open_transport(undo)
            self._lines.apply(transport, agreement, undo)
            if agreement.restarts_ice:
                self._restart_ice(transport)
            await self._handles.enter_async_context(undo.pop_all())
        self._negotiation.commit(agreement)
        self._is_measured = any(name == "transport-cc" for _, name in agreement.extensions)
        if agreement.restarts_ice:
            await self._emit(IceRestarted())
        if first:
            self._transport = transport
            self._local = replace(self._local, setup=setup)
            self._start(transport, parsed.dtls)
        self._answers += 1
        return write_answer(parsed, agreement, self._local, self._answers)

    def _choose_setup(
        self, remote: RTCDtlsParameters, *, first: bool
    ) -> Literal["passive", "active"]:
        if first:
            return "active" if remote.role == "server" else "passive"
        if remote.role == "server" and self._local.setup == "passive":
            raise NegotiationError("a=setup:passive comes too late: the handshake has been")
        return self._local.setup

    async def _open_transport(self, undo: AsyncExitStack) -> Transport:
        local = self._local
        opening = self._engine.transport(local.ice_ufrag, local.ice_pwd, worker=self._worker)
        try:
            return await undo.enter_async_context(opening)
        except MediaError as error:
            raise NegotiationError(str(error), code=error.code) from error

    def _restart_ice(self, transport: Transport) -> None:
        ice_ufrag, ice_pwd = _fresh_credentials()
        transport.restart_ice(ice_ufrag, ice_pwd)
        restarts = self._local.restarts + 1
        self._local = replace(self._local, ice_ufrag=ice_ufrag, ice_pwd=ice_pwd, restarts=restarts)

    def _start(self, transport: Transport, remote: RTCDtlsParameters) -> None:
        # Datagrams are kept before the answer is sent, so no ClientHello comes too early.
        opening = self._open_association(transport, self._certificate)
        self._nursery.start_soon(self._associate, opening, remote, name=f"{self._path}/dtls")
        self._nursery.start_soon(self._watch, transport, name=f"{self._path}/transport")

    async def _associate(
        self, opening: AbstractContextManager[Secured], remote: RTCDtlsParameters
    ) -> None:
        with opening as association:
            try:
                await association.handshake(remote, self._handshake_timeout)
                await self._emit(Connected())
                await association.wait_closed()
                failed = Failed("dtls-closed", "the peer closed the DTLS association")
            except MediaError as error:
                failed = Failed(error.code, str(error))
        await self._fail(failed)

    async def _watch(self, transport: Transport) -> None:
        async for event in transport.events:
            await self._report(event)
        lost = transport.lost
        if lost is not None:
            await self._fail(Failed(lost.code, lost.message, lost.failure))

    async def _report(self, event: TransportEvent) -> None:
        match event:
            case (
                _native.Connected(host=host, port=port) | _native.PathChanged(host=host, port=port)
            ):
                await self._emit(Path(host, port))
            case _native.Silent():
                await self._emit(Silent())
            case _native.Heard():
                await self._emit(Heard())
            case _native.EstimateChanged(bitrate=bitrate):
                await self._emit(Estimate(bitrate))
            case _native.ConsentExpired():
                await self._fail(Failed("consent-expired", "no ICE consent check (RFC 7675)"))
            case _:
                for each in list(self._lines.translate(event)):
                    await self._emit(each)

    async def _fail(self, failed: Failed) -> None:
        await self._emit(failed)
        self._failed = True

    async def _emit(self, event: PeerConnectionEvent) -> None:
        if not self._failed:
            await self._events.send(event)


def _fresh_credentials() -> tuple[str, str]:
    """Return an ICE user name fragment and a password (RFC 8445, section 5.3)."""
    return secrets.token_hex(4), secrets.token_hex(16)


@asynccontextmanager
async def open_peer_connection(
    engine: MediaEngine,
    certificate: Certificate,
    *,
    room: str | None = None,
    worker: int | None = None,
    announced: Sequence[str] = (),
    handshake_timeout: float = 10.0,
    limits: OfferLimits | None = None,
    video: Sequence[Codec] = VIDEO,
    rights: Rights = EVERYTHING,
    associate: Associate = open_association,
) -> AsyncIterator[PeerConnection]:
    """Open a peer's connection; the first offer makes its transport.

    Peers of one ``room`` are on one worker of the engine while that has room for them; who says
    which ``worker`` is on it, and counts for nobody's place. ``announced`` addresses take the place
    of the bound ones in answers. ``video`` are the video codecs to use, the one to begin with
    first. ``rights`` say what the peer may send and receive: of anything else there is nothing in
    the engine. ``associate`` does the DTLS handshake; only a simulation gives another. On the way
    out the peer is told (close_notify) while the transport still exists.
    """
    async with AsyncExitStack() as handles, trio.open_nursery() as nursery:
        if worker is None:
            worker = handles.enter_context(engine.placement.seat(room))
        yield PeerConnection(
            engine,
            certificate,
            nursery,
            handles,
            worker=worker,
            announced=announced,
            handshake_timeout=handshake_timeout,
            limits=limits or OfferLimits(),
            video=video,
            rights=rights,
            associate=associate,
        )
        nursery.cancel_scope.cancel()
