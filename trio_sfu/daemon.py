"""The daemon: the top of the tree, and the order in which it starts and stops.

``docs/closing.md`` says who closes whom.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import trio
from starlette.routing import Route
from trio_websocket import WebSocketConnection

from trio_sfu import logging
from trio_sfu.access import Gate
from trio_sfu.activation import Inherited
from trio_sfu.announcing import Announcing
from trio_sfu.census import take_census
from trio_sfu.config.access import access_policy
from trio_sfu.config.model import Config
from trio_sfu.config.reload import changed_keys, check_reload
from trio_sfu.config.rules import is_loopback
from trio_sfu.config.token import operator_token
from trio_sfu.config.webhooks import webhook_secret
from trio_sfu.events import Histogram, Journal
from trio_sfu.http.app import make_app
from trio_sfu.http.operators import Operators
from trio_sfu.ids import PeerId, RoomId, new_peer_id
from trio_sfu.listeners.certificate import CertificateWatch
from trio_sfu.listeners.connection import current_connection
from trio_sfu.listeners.hypercorn_server import HttpServer
from trio_sfu.listeners.port import Port, open_listeners
from trio_sfu.listeners.tls import server_context
from trio_sfu.liveness.health import Health
from trio_sfu.liveness.liveness import Liveness
from trio_sfu.liveness.self_test import SelfTestResult
from trio_sfu.liveness.trial_path import TrialPath
from trio_sfu.media.engine import MediaEngine
from trio_sfu.media_port import open_media
from trio_sfu.overload.admission import Admission
from trio_sfu.overload.watch import OverloadWatch
from trio_sfu.overload.workers import cpu_by_worker
from trio_sfu.reachability import SECONDS as REACHABLE_S
from trio_sfu.reachability import Reachability
from trio_sfu.rooms.drain import Drain
from trio_sfu.rooms.operating import Operating
from trio_sfu.rooms.quality import Quality, watch_quality
from trio_sfu.rooms.registry import Registry
from trio_sfu.rooms.relays import relays
from trio_sfu.rooms.trials import Trials
from trio_sfu.self_test.run import Finding, run_self_test
from trio_sfu.self_test.service import SelfTest
from trio_sfu.services.supervisor import Services
from trio_sfu.signaling.carried import IceServer, Rights
from trio_sfu.signaling.frames import Wire
from trio_sfu.signaling.reception import receive_client
from trio_sfu.signaling.session import Session
from trio_sfu.tree.ages import Ages
from trio_sfu.tree.nodes import Node
from trio_sfu.tree.survey import survey
from trio_sfu.webhooks.service import Webhooks
from trio_sfu.webrtc.bridge import live_loops
from trio_sfu.webrtc.candidates import host_candidates
from trio_sfu.webrtc.certificate import Certificate
from trio_sfu.webrtc.dtls import Associate, open_association
from trio_sfu.webrtc.limits import OfferLimits
from trio_sfu.webrtc.peer_connection import PeerConnection, open_peer_connection
from trio_sfu.whip.endpoint import whip_routes
from trio_sfu.whip.gate import Gate as WhipGate
from trio_sfu.whip.sessions import Sessions

_GOODBYE_S = 3.0
_STOP_S = 8.0


class Daemon:
    """A running daemon. Made by ``open_daemon``."""

    def __init__(
        self,
        config: Config,
        engine: MediaEngine,
        *,
        ages: Ages | None = None,
        journal: Journal | None = None,
        associate: Associate = open_association,
    ) -> None:
        self._associate = associate
        self.config = config
        self.engine = engine
        self.task = trio.lowlevel.current_task()
        self.ages = ages or Ages()
        self.journal = journal or Journal(logging.log_fact)
        self.announcing = Announcing(
            lambda: self.config.media,
            lambda: [host for host, _ in host_candidates(engine.candidates())],
            self.journal,
        )
        self.reachability = Reachability(engine, self.announcing.addresses)
        self.certificate = Certificate.generate()
        self.admission = Admission(config.overload, lambda: self.overload.level)
        self.gate = Gate(access_policy(config.auth))
        self.rooms = Registry(
            config.rooms,
            self._connect,
            self.journal,
            self.admission,
            max_peers_in_all=config.media.max_transports,
            relays=self._relays,
            video=config.video,
            gate=self.gate,
        )
        self.trials = Trials(
            self._connect,
            self.journal,
            self.admission,
            self.gate,
            relays=self._relays,
            video=config.video,
        )
        self.operating = Operating(self.rooms)
        self.drain = Drain(config.drain, self.rooms, self.journal)
        self.overload = OverloadWatch(
            config.overload,
            self.journal,
            self.rooms.limit_video,
            workers_busy=engine.placement.note_busy,
        )
        self.services = Services(self.journal)
        self.liveness = Liveness(config.liveness, engine.progress, self.services, self.journal)
        self.self_test = SelfTest(
            self._test_media,
            engine.placement.workers,
            self.liveness.self_test,
            self.liveness.stuck_workers,
            self.journal,
        )
        self.services.add("self-test", self.self_test.run)
        self.services.add("trials", self.trials.run)
        self.services.add("announcing", self.announcing.run)
        self.services.add("reachability", self.reachability.run)
        self.services.add("overload", self.overload.run)
        self.services.add("quality", partial(watch_quality, self.rooms.quality, self.rooms.peers))
        self.webhooks = Webhooks(config.webhooks, self.journal, self._identity)
        if config.webhooks.urls:
            self.services.add("webhooks", self.webhooks.run)
        self.whip = Sessions(
            config.whip,
            self.rooms,
            self.journal,
            limits=self._offer_limits,
            video=config.video.codecs,
        )
        self.operators = Operators(operator_token(config.admin), self.journal)
        app = make_app(self, operators=self.operators, routes=self._whip_routes())
        self.port = Port(config.http, HttpServer(app), self.serve_socket, self.journal)
        if config.http.certificate:
            use = self.port.use_certificate
            watch = CertificateWatch(lambda: self.config.http, use, self.journal)
            self.services.add("certificate", watch.run)
        self.addresses: list[tuple[str, int]] = []
        self.running = False
        """From the start until the stop begins."""

    @property
    def ready(self) -> bool:
        """Whether it runs, and media has gone through it once, if that is tested at all."""
        return self.running and not self.liveness.self_test.awaited

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page."""
        host, port = self.addresses[0]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (not bound)
        return f"{self.port.scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    def reconfigure(self, config: Config) -> list[str]:
        """Apply other settings, all or none; return the keys that have changed.

        Who is connected or in a room keeps what it has begun with; what comes later gets the
        new. Raises ConfigError, and nothing has changed: config-restart, or what the files
        that the settings name are refused with.
        """
        check_reload(self.config, config)
        token = operator_token(config.admin)
        policy = access_policy(config.auth)
        certificate = server_context(config.http)
        secret = webhook_secret(config.webhooks)
        # Nothing from here on can fail.
        before, self.config = self.config, config
        self.rooms.reconfigure(config.rooms, config.video)
        self.trials.reconfigure(config.video)
        self.whip.reconfigure(self._offer_limits, config.video.codecs)
        self.admission.reconfigure(config.overload)
        self.overload.reconfigure(config.overload)
        self.drain.settings = config.drain
        self.operators.use(token)
        self.gate.policy = policy
        self.webhooks.use(secret)
        self.port.reconfigure(config.http)
        if certificate is not None:
            self.port.use_certificate(certificate)
        if config.media.stun_server != before.media.stun_server:
            self.announcing.reschedule()
        if config.liveness != before.liveness:
            self.liveness.self_test.interval = config.liveness.self_test_interval
            self.self_test.reschedule()
        return changed_keys(before, config)

    def census(self) -> dict[str, int]:
        """Return what exists now, as flat counts."""
        counts = take_census()
        counts["asyncio_loops"] = live_loops()
        counts["rooms"], counts["peers"] = self.rooms.count()
        counts["whip_sessions"] = len(self.whip)
        return counts | self.engine.census()

    def engine_counters(self) -> dict[str, int]:
        """Return the engine's monotonic counters."""
        return self.engine.counters()

    def strains(self) -> dict[str, float]:
        """Return how near each resource is to where joins are refused: 1 is there."""
        return {strain.of: round(strain.full, 3) for strain in self.overload.strains}

    def overload_level(self) -> int:
        """Return the step against overload that is taken; 0 is none."""
        return self.overload.level

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU time of the event loop and of each worker, by the thread's name."""
        return {"loop": time.thread_time(), **cpu_by_worker()}

    def health(self) -> Health:
        """Return whether all gets on, and what does not."""
        return self.liveness.health(self.overload.trouble(), self.announcing.trouble())

    def loop_lag(self) -> Histogram:
        """Return how late the event loop was, of every beat."""
        return self.liveness.loop.histogram

    def quality(self) -> Quality:
        """Return how good it is what viewers get."""
        return self.rooms.quality

    def webhooks_told(self) -> tuple[Mapping[str, int], int]:
        """Return how many webhooks came to which end, and how many wait."""
        return self.webhooks.outcomes(), self.webhooks.waiting

    def _identity(self, peer: PeerId) -> str | None:
        found = self.rooms.find(peer)
        return None if found is None else found.grant.identity

    def tree(self) -> Node:
        """Return all that lives."""
        return survey(self)

    @property
    def _offer_limits(self) -> OfferLimits:
        settings = self.config.signaling
        return OfferLimits(
            lines=settings.max_lines, slots=settings.max_slots, tracks=settings.max_tracks
        )

    def _whip_routes(self) -> list[Route]:
        if not self.config.whip.enabled:
            return []
        gate = WhipGate(lambda: self.config.http.origins, lambda: self.gate.policy)
        return whip_routes(self.whip, gate, lambda: self._relays(new_peer_id()))

    def _connect(self, rights: Rights, room: RoomId) -> AbstractAsyncContextManager[PeerConnection]:
        return self._connect_to(self.announcing.addresses(), rights, room)

    def _connect_to(
        self,
        announced: Sequence[str],
        rights: Rights,
        room: RoomId | None = None,
        worker: int | None = None,
    ) -> AbstractAsyncContextManager[PeerConnection]:
        return open_peer_connection(
            self.engine,
            self.certificate,
            room=room,
            worker=worker,
            announced=announced,
            handshake_timeout=self.config.media.handshake_timeout,
            limits=self._offer_limits,
            video=self.config.video.codecs,
            rights=rights,
            associate=self._associate,
        )

    async def test_media(self) -> SelfTestResult:
        """Have media go through the daemon now; return how it went.

        Raises trio.TooSlowError when the service that does it gives no answer.
        """
        with trio.fail_after(2 * self.config.liveness.self_test_timeout + _GOODBYE_S):
            return await self.self_test.now()

    async def trial_path(self) -> TrialPath:
        """Return what it takes to try whether the media ports are reached from elsewhere.

        Raises trio.TooSlowError when the service that opens it gives no answer.
        """
        with trio.fail_after(2 * REACHABLE_S):
            return await self.reachability.trial_path()

    async def _test_media(self, worker: int) -> Finding:
        here = host_candidates(self.engine.candidates(worker))
        return await run_self_test(
            # As it is here, not as routers make it seem to others.
            lambda rights, _room: self._connect_to((), rights, worker=worker),
            loopback=all(is_loopback(host) for host, _ in here),
            within=self.config.liveness.self_test_timeout,
            where=f"engine worker {worker}" if self.engine.placement.workers > 1 else None,
        )

    async def serve_socket(self, socket: WebSocketConnection, wire: Wire | None = None) -> None:
        """Carry a signaling session from its accepted WebSocket to its end.

        ``wire`` is the stream below the socket.
        """
        settings = self.config.signaling
        connection = current_connection.get()
        address = connection.address if connection is not None else None
        session = Session(socket, settings, self.journal, wire)
        await session.run(
            lambda session: receive_client(session, self.rooms, settings, address, self.trials)
        )

    def _relays(self, peer: PeerId) -> list[IceServer]:
        return relays(self.config.turn, peer, time.time())


_NO_SOCKETS = Inherited()

Impatience = Callable[[], Awaitable[object]]
"""Returns when a stop that is under way shall wait for nobody any more."""


@asynccontextmanager
async def open_daemon(
    config: Config,
    impatience: Impatience = trio.sleep_forever,
    journal: Journal | None = None,
    inherited: Inherited = _NO_SOCKETS,
) -> AsyncIterator[Daemon]:
    """Start a daemon; leaving the block stops it, within some seconds.

    ``inherited`` are sockets that are bound already; ``config`` has their addresses.
    Raises ConfigError when a port cannot be had, or the operators' token cannot be read.
    """
    ages = Ages()
    journal = journal or Journal(logging.log_fact)
    async with (
        _watched(ages),
        open_listeners(config.http, inherited.http) as listeners,
        open_media(config.media, journal, inherited) as engine,
        trio.open_nursery() as nursery,
    ):
        daemon = Daemon(config, engine, ages=ages, journal=journal)
        daemon.addresses = [listener.socket.getsockname()[:2] for listener in listeners]
        await nursery.start(daemon.liveness.run, name="liveness")
        await nursery.start(daemon.rooms.run, name="rooms")
        await nursery.start(daemon.whip.run, name="whip")
        await nursery.start(daemon.port.run, listeners, name="listeners")
        await daemon.announcing.learn()
        await nursery.start(daemon.services.run, name="services")
        daemon.running = True
        try:
            yield daemon
        finally:
            daemon.running = False
            try:
                with trio.move_on_after(_STOP_S, shield=True):
                    await _stop(daemon, impatience)
            finally:
                daemon.port.cut_connections()
                nursery.cancel_scope.cancel()


@asynccontextmanager
async def _watched(ages: Ages) -> AsyncIterator[None]:
    with ages.watching():
        yield


async def _stop(daemon: Daemon, impatience: Impatience) -> None:
    # From the outside in; the engine goes last, by its own context.
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_after, impatience, nursery.cancel_scope, name="impatience")
        daemon.port.stop_accepting()
        # Before the service that is their parent: their clients are told why.
        await daemon.trials.stop()
        daemon.services.stop()
        await daemon.rooms.stop()
        daemon.journal.recent.end()
        await daemon.port.end_connections(_GOODBYE_S)
        nursery.cancel_scope.cancel()


async def _cancel_after(event: Impatience, scope: trio.CancelScope) -> None:
    await event()
    scope.cancel()
