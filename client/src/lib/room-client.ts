/** The client of a room: what a page, or anybody else's page, talks to. */
import type {
  Moderated,
  PeerInfo,
  Quality,
  Rights,
  ServerMessage,
  Source,
  VideoLimit,
} from "../protocol.ts";
import { Backoff, type BackoffSettings } from "./backoff.ts";
import { Conversation } from "./conversation.ts";
import { Emitter } from "./emitter.ts";
import type { Encryption } from "./encryption/encryption.ts";
import {
  type EncryptionSource,
  type EncryptionState,
  isWithheld,
  loadEncryption,
  PeerEncryption,
} from "./end-to-end.ts";
import { asRoomError, RoomError } from "./errors.ts";
import { watchNetwork } from "./network.ts";
import { type Publication, Publications } from "./publications.ts";
import type { RoomEvents } from "./room-events.ts";
import { Roster, type RosterChange } from "./roster.ts";
import { pickScreen } from "./screen.ts";
import { NO_MEDIA, type PeerMedia, Session, type SessionEnd } from "./session.ts";
import { type OpenSocket, signalingUrl } from "./signaling.ts";
import { afterSession, type RoomState, transition } from "./state.ts";
import { type RoomView, Viewing } from "./viewing.ts";

export interface JoinOptions {
  room: string;
  name: string;
  /** A join token, where the server asks for one; it comes with every session of this client. */
  token?: string;
  /** Encrypt end to end, and take nothing that is not: see docs/encryption.md. */
  encryption?: EncryptionSource;
}

export interface RoomClientSettings {
  /** Default: `/signal` of the server this page came from. */
  url?: string;
  backoff?: BackoffSettings;
  openSocket?: OpenSocket;
  createPeerConnection?: () => RTCPeerConnection;
}

/** Another peer, with what of it can be seen and heard now. */
export interface RemotePeer extends PeerInfo, PeerMedia {
  /** What cannot be opened is neither to be seen nor to be heard. */
  encryption: EncryptionState;
}

/** Once the media of a new session flows, that of the former is kept this long, ms. */
const FORMER_MEDIA_FOR = 3_000;

/** Before the server has said. */
const NO_RIGHTS: Rights = {
  publish: [],
  subscribe: false,
  data: false,
  moderate: false,
  record: false,
};

const PEER_CONNECTION: RTCConfiguration = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" };

export class RoomClient extends Emitter<RoomEvents> {
  readonly #settings: RoomClientSettings;
  readonly #publications = new Publications();
  readonly #preferences = new Map<string, Quality>();
  readonly #viewing = new Viewing();
  readonly #roster = new Roster();
  /** Chat, hands, reactions and the lock. */
  readonly conversation = new Conversation((message) => this.#session?.say(message));
  readonly #backoff: Backoff;
  #state: RoomState = "idle";
  #session: Session | null = null;
  #encryption: Encryption | null = null;
  readonly #peerEncryption = new PeerEncryption();
  /** The session before: its media is shown until the next one's is there. */
  #former: Session | null = null;
  #formerTimer: ReturnType<typeof setTimeout> | undefined;
  #earlierOffers = 0;
  #resumeToken: string | null = null;
  #self: string | null = null;
  /** The room asked for, or the one an operator has moved this client to. */
  #room: string | null = null;
  #name: string | null = null;
  #rights = NO_RIGHTS;
  #mediaSince: number | null = null;
  #left = false;
  #videoLimit: VideoLimit = "high";
  #draining = false;
  #estimate: number | null = null;
  #wake: (() => void) | null = null;
  #stopWatching: () => void = () => undefined;

  constructor(settings: RoomClientSettings = {}) {
    super();
    this.#settings = settings;
    this.#backoff = new Backoff(settings.backoff);
  }

  get state(): RoomState {
    return this.#state;
  }

  /** This client's peer id in the present session. */
  get self(): string | null {
    return this.#self;
  }

  /** What the others see this client as: what its token says may not be what it asked for. */
  get name(): string | null {
    return this.#name;
  }

  /** What this client may do in the room; nothing before it has joined. */
  get rights(): Rights {
    return this.#rights;
  }

  /** Whether what this client sends is encrypted end to end. */
  get encrypted(): boolean {
    return this.#encryption !== null;
  }

  /** How often the key that this client sends with has been ratcheted; null: it sends nothing. */
  get keyGeneration(): number | null {
    return this.#encryption?.generation ?? null;
  }

  /** The present peer connection: for statistics and debugging. */
  get pc(): RTCPeerConnection | null {
    return this.#session?.pc ?? null;
  }

  /** What carries `source` in the present session: for statistics. */
  line(source: Source): RTCRtpTransceiver | null {
    return this.#session?.line(source) ?? null;
  }

  /**
   * SDP offers since this client was made; one a session unless the room outgrew the slots or
   * ICE was restarted.
   */
  get offersSent(): number {
    return this.#earlierOffers + (this.#session?.offers ?? 0);
  }

  /** The others, in the order in which they came. */
  get peers(): readonly RemotePeer[] {
    return this.#roster.peers.map((peer) => this.#remote(peer));
  }

  published(source: Source): Publication | undefined {
    return this.#publications.get(source);
  }

  /**
   * Enter a room; resolves when the server has answered the first offer. From then on
   * lost sessions are replaced until `leave()`; the `state` event tells.
   *
   * @throws RoomError
   */
  async join(options: JoinOptions): Promise<void> {
    this.#left = false;
    this.#room = options.room;
    this.#backoff.reset();
    this.#to("joining", null);
    globalThis.addEventListener?.("pagehide", this.#leave);
    this.#stopWatching = watchNetwork(() => {
      this.#retry();
      this.#session?.networkChanged();
    });
    await new Promise<void>((resolve, reject) => {
      void this.#live(options, resolve, reject);
    });
  }

  /** Publish `track` as `source`, or nothing. May be called at any time, before joining too. */
  async publish(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (!track && !this.#publications.get(source)) return;
    const publication = track
      ? this.#publications.set(source, track, () => this.#trackEnded(source))
      : null;
    if (!publication) this.#publications.delete(source);
    this.emit("published", { source, publication });
    const session = this.#session;
    try {
      await session?.publish(source, publication);
    } catch (error) {
      // A session that ended meanwhile takes nothing more; the next one will.
      if (session === this.#session) throw error;
    }
  }

  setMuted(source: Source, muted: boolean): void {
    const publication = this.#publications.mute(source, muted);
    if (!publication) return;
    this.emit("published", { source, publication });
    this.#session?.announceMute(source, publication);
  }

  /**
   * Let the user choose a screen or window and show it to the others in place of the
   * camera, until `stopScreen()` or the browser ends the capture.
   *
   * @throws ShareError
   */
  async shareScreen(options?: DisplayMediaStreamOptions): Promise<void> {
    const stream = await pickScreen(options);
    this.stopScreen();
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    await Promise.all([
      video && this.publish("screen", video),
      audio && this.publish("screen-audio", audio),
    ]);
  }

  stopScreen(): void {
    for (const source of ["screen", "screen-audio"] as const) {
      const track = this.#publications.get(source)?.track;
      // Off the line before it stops: the last a stopped track sends is black.
      void this.publish(source, null).finally(() => track?.stop());
    }
  }

  /** The best quality that can be used of a peer's stage video, e.g. by the size of its tile. */
  prefer(peer: string, quality: Quality): void {
    if (this.#preferences.get(peer) === quality || !this.#roster.get(peer)) return;
    this.#preferences.set(peer, quality);
    this.#sayPreference(peer);
  }

  /** What cannot be opened is not sent: a decoder without a picture asks for keyframes for ever. */
  #sayPreference(peer: string): void {
    const quality = this.#preferences.get(peer) ?? "high";
    this.#session?.prefer(peer, isWithheld(this.#peerEncryption.of(peer)) ? "off" : quality);
  }

  /** Mute what somebody publishes, as a moderator; only they can unmute it. */
  mutePeer(peer: string, source: Source, reason = ""): void {
    this.#session?.mutePeer(peer, source, reason);
  }

  /** Remove somebody from the room, as a moderator. */
  removePeer(peer: string, reason = ""): void {
    this.#session?.removePeer(peer, reason);
  }

  /** Say what is on the user's screen: nobody sends more than can be seen. */
  setView(view: RoomView): void {
    if (this.#viewing.set(view)) this.#sayView();
  }

  /** Have the server say every second what it sends (`RemotePeer.layer`, `estimate`), or not. */
  watchStatistics(on: boolean): void {
    if (this.#viewing.watchStatistics(on)) this.#sayView();
  }

  /** What the network to this client carries, in bits/s, as the server measures it. */
  get estimate(): number | null {
    return this.#estimate;
  }

  #sayView(): void {
    this.#session?.view(this.#viewing.message((peer) => this.#roster.get(peer) !== undefined));
  }

  /** While reconnecting: do not wait for the next attempt. */
  retryNow(): void {
    this.#retry();
  }

  /** Leave the room. Published tracks stay with their owner; a shared screen is stopped. */
  leave(): void {
    this.#leave();
  }

  readonly #retry = (): void => this.#wake?.();

  readonly #leave = (): void => {
    if (this.#state === "idle" || this.#state === "closed") return;
    this.#left = true;
    this.#session?.leave();
    this.#wake?.();
    this.stopScreen();
  };

  /** Sessions one after the other, until one ends for good. */
  async #live(
    options: JoinOptions,
    joined: () => void,
    failed: (error: RoomError) => void,
  ): Promise<void> {
    if (options.encryption && !(await this.#encrypt(options.encryption, failed))) return;
    for (;;) {
      const end = await this.#oneSession(options, joined);
      const ending = afterSession(this.#state, {
        left: this.#left,
        refused: end.refused,
        rejoin: end.error.rejoin,
        retryAfter: end.error.retryAfter,
      });
      if (ending.action === "close") {
        this.#close(ending.failed ? end.error : null);
        failed(end.error);
        return;
      }
      if (this.#state === "connected") this.#to("reconnecting", end.error);
      if (!(await this.#pause(end.error))) {
        // Who was reached says, or shows, why the call cannot be.
        const reached = end.refused || end.error.code === "media-failed";
        const error = reached ? end.error : new RoomError("server-gone", end.error.message, true);
        this.#close(this.#left ? null : error);
        failed(error);
        return;
      }
    }
  }

  /** False: it cannot be, or the user has left meanwhile. */
  async #encrypt(source: EncryptionSource, failed: (error: RoomError) => void): Promise<boolean> {
    try {
      this.#encryption = await loadEncryption(source, {
        changed: () => this.#lookAtEncryption(),
        failed: (error) => this.emit("error", error),
      });
      this.conversation.encryptBy(this.#encryption);
      if (!this.#left) return true;
      throw new RoomError("left", "left");
    } catch (error) {
      const reason = asRoomError(error, "encryption-failed");
      this.#close(this.#left ? null : reason);
      failed(reason);
      return false;
    }
  }

  /** One session from its start to its end. */
  async #oneSession(options: JoinOptions, joined: () => void): Promise<SessionEnd> {
    let session: Session;
    try {
      session = this.#open(options);
    } catch (error) {
      return { error: asRoomError(error, "no-webrtc"), refused: true };
    }
    this.#session = session;
    this.#mediaSince = null;
    try {
      await session.start();
      this.#to("connected", null);
      joined();
      void session.makeRoom(this.#roster.peers.length);
    } catch {
      // `ended` says why.
    }
    const end = await session.ended;
    this.#drains(null);
    this.#earlierOffers += session.offers;
    this.#session = null;
    if (this.#mediaSince === null) session.close();
    else {
      this.#retire(session);
      this.#backoff.ended(performance.now() - this.#mediaSince);
    }
    return end;
  }

  #open({ room: asked, name, token }: JoinOptions): Session {
    const { url, openSocket, createPeerConnection } = this.#settings;
    const room = this.#room ?? asked;
    void this.#encryption?.enter(room);
    return new Session({
      url: url ?? signalingUrl(globalThis.location),
      join: {
        room,
        name,
        ...(token !== undefined && { token }),
        ...(this.#resumeToken !== null && { replaces: this.#resumeToken }),
        ...(this.#encryption && { encrypted: true }),
      },
      openSocket,
      pc: createPeerConnection?.() ?? new RTCPeerConnection(PEER_CONNECTION),
      publications: () => this.#publications.entries(),
      encryption: this.#encryption,
      handlers: {
        joined: ({ peer, name, rights, resumeToken, peers }) => {
          this.#self = peer;
          this.#name = name;
          this.#rights = rights;
          this.#limited("high");
          this.#drains(null);
          this.#resumeToken = resumeToken;
          this.conversation.began(peer);
          this.#meet(peers);
        },
        resumed: (peers) => {
          this.#limited("high");
          this.#drains(null);
          if (this.#self !== null) this.conversation.began(this.#self);
          this.#meet(peers);
          void this.#session?.makeRoom(peers.length);
        },
        message: (message) => this.#received(message),
        slots: () => {
          this.#lookAtEncryption();
          this.emit("stages", null);
        },
        connection: (state) => {
          if (state === "connected") this.#mediaStarted();
          this.emit("connection", state);
        },
        refused: (error) => {
          this.conversation.refused(error.code);
          this.emit("error", error);
        },
      },
    });
  }

  /** Wait before the next attempt; false: give up. */
  async #pause(error: RoomError): Promise<boolean> {
    const delay = this.#backoff.next(performance.now(), Math.random(), error.retryAfter ?? 0);
    if (delay === null) return false;
    if (error.retryAfter !== null) this.emit("waiting", { error, seconds: delay / 1_000 });
    // A listener may have left.
    if (this.#left) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    return !this.#left;
  }

  /** How much video the server sends; less than `high` while it is overloaded. */
  get videoLimit(): VideoLimit {
    return this.#videoLimit;
  }

  #limited(most: VideoLimit): void {
    if (this.#videoLimit === most) return;
    this.#videoLimit = most;
    this.emit("video-limited", most);
  }

  #drains(seconds: number | null): void {
    if (seconds === null && !this.#draining) return;
    this.#draining = seconds !== null;
    this.emit("draining", seconds);
  }

  #received(message: ServerMessage): void {
    this.conversation.received(message);
    if (message.type === "draining") this.#drains(message.seconds);
    if (message.type === "video-limited") this.#limited(message.most);
    if (message.type === "speakers") this.emit("speakers", message.speakers);
    if (message.type === "moderated") this.#moderated(message);
    if (message.type === "rights-changed") this.#mayNow(message.rights);
    if (message.type === "moved") {
      this.#room = message.room;
      this.emit("moved", message.room);
    }
    if (message.type === "slot-state") this.#estimate = message.estimate;
    const change = this.#roster.apply(message);
    if (!change) return;
    this.#tell(change);
    if (change.kind === "joined") void this.#session?.makeRoom(this.#roster.peers.length);
  }

  /** The server forwards nothing of it until it has heard that this client knows. */
  #moderated(message: Moderated): void {
    const { source } = message;
    if (source === "screen" || source === "screen-audio") this.stopScreen();
    else if (source !== null) this.setMuted(source, true);
    this.emit("moderated", message);
  }

  /** A capture that nobody may see is not gone on with. */
  #mayNow(rights: Rights): void {
    this.#rights = rights;
    if (!rights.publish.includes("screen")) this.stopScreen();
    this.emit("rights-changed", rights);
  }

  /** The server's whole list of the others. */
  #meet(peers: readonly PeerInfo[]): void {
    const changes = this.#roster.replace(peers);
    for (const { id } of this.#roster.peers)
      if (this.#preferences.has(id) || isWithheld(this.#peerEncryption.of(id)))
        this.#sayPreference(id);
    for (const change of changes) this.#tell(change);
    if (this.#viewing.said) this.#sayView();
  }

  #tell(change: RosterChange): void {
    if (change.kind === "joined") this.emit("peer-joined", change.peer);
    else if (change.kind === "updated") this.emit("peer-updated", change.peer);
    else {
      this.#preferences.delete(change.peer.id);
      this.#peerEncryption.forget(change.peer.id);
      this.#encryption?.ratchet();
      this.emit("peer-left", { peer: change.peer, reason: change.reason });
    }
    this.#lookAtEncryption();
  }

  /** Tell, and have the server told, what of the others can be opened now. */
  #lookAtEncryption(): void {
    const opened = (peer: string) => this.#encryption && (this.#session?.opened(peer) ?? []);
    const changes = this.#peerEncryption.next(this.#roster.peers, opened);
    for (const { peer, state, before } of changes) {
      if (isWithheld(state) !== isWithheld(before)) this.#sayPreference(peer);
      this.emit("encryption", { peer, state });
    }
    if (changes.length > 0) this.emit("stages", null);
  }

  #remote(peer: PeerInfo): RemotePeer {
    const now = this.#session?.media(peer.id) ?? NO_MEDIA;
    const before = this.#former?.media(peer.id) ?? NO_MEDIA;
    const video = now.videoSource || !before.videoSource ? now : before;
    const encryption = this.#peerEncryption.of(peer.id);
    if (isWithheld(encryption)) return { ...peer, ...NO_MEDIA, encryption };
    return {
      ...peer,
      encryption,
      video: video.video,
      videoSource: video.videoSource,
      audio: now.audio ?? before.audio,
      screenAudio: now.screenAudio ?? before.screenAudio,
      layer: now.layer,
    };
  }

  #mediaStarted(): void {
    this.#mediaSince ??= performance.now();
    clearTimeout(this.#formerTimer);
    this.#formerTimer = setTimeout(() => this.#retire(null), FORMER_MEDIA_FOR);
  }

  /** `session` becomes the former one, which is closed. */
  #retire(session: Session | null): void {
    clearTimeout(this.#formerTimer);
    session?.retire();
    this.#former?.close();
    this.#former = session;
    this.emit("stages", null);
  }

  #trackEnded(source: Source): void {
    if (source === "screen") this.stopScreen();
    else void this.publish(source, null);
  }

  #to(state: RoomState, error: RoomError | null): void {
    const previous = this.#state;
    this.#state = transition(previous, state);
    this.emit("state", { state, previous, error });
  }

  #close(error: RoomError | null): void {
    globalThis.removeEventListener?.("pagehide", this.#leave);
    this.#stopWatching();
    this.#retire(null);
    this.#resumeToken = null;
    this.#self = null;
    this.#name = null;
    this.#rights = NO_RIGHTS;
    this.#preferences.clear();
    this.conversation.ended();
    this.#encryption?.close();
    this.#encryption = null;
    this.conversation.encryptBy(null);
    for (const change of this.#roster.replace([])) this.#tell(change);
    this.#to("closed", error);
  }
}
