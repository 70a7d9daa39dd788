/** The client of a room: what a page, or anybody else's page, talks to. */
import type { PeerInfo, Quality, Rights, ServerMessage, Source, VideoLimit } from "../protocol.ts";
import { Conversation } from "./conversation.ts";
import { Emitter } from "./emitter.ts";
import type { Encryption } from "./encryption/encryption.ts";
import { type EncryptionSource, loadEncryption } from "./end-to-end.ts";
import { Membership } from "./membership.ts";
import { watchNetwork } from "./network.ts";
import { Others, type RemotePeer } from "./others.ts";
import type { Publication } from "./publications.ts";
import { Publisher } from "./publisher.ts";
import type { RoomEvents, TellRoomEvent } from "./room-events.ts";
import {
  createPeerConnection,
  type JoinOptions,
  type RoomClientSettings,
} from "./room-settings.ts";
import type { ShareOptions } from "./screen.ts";
import { ServerCondition } from "./server-condition.ts";
import { Session, type SessionHandlers } from "./session.ts";
import { signalingUrl } from "./signaling.ts";
import type { RoomState } from "./state.ts";
import { Succession } from "./succession.ts";
import { type RoomView, Viewing } from "./viewing.ts";

export class RoomClient extends Emitter<RoomEvents> {
  readonly #settings: RoomClientSettings;
  readonly #viewing = new Viewing();
  /** Chat, hands, reactions and the lock. */
  readonly conversation = new Conversation((message) => this.#session?.say(message));
  readonly #sessions: Succession;
  readonly #publisher: Publisher;
  readonly #others: Others;
  readonly #membership = new Membership();
  readonly #server: ServerCondition;
  #encryption: Encryption | null = null;
  #stopWatching: () => void = () => undefined;

  constructor(settings: RoomClientSettings = {}) {
    super();
    this.#settings = settings;
    const tell: TellRoomEvent = (name, detail) => this.emit(name, detail);
    const session = () => this.#session;
    this.#publisher = new Publisher(session, tell);
    this.#others = new Others({
      session,
      media: (peer) => this.#sessions.media(peer),
      encryption: () => this.#encryption,
      tell,
    });
    this.#server = new ServerCondition(tell);
    this.#sessions = new Succession(
      {
        open: () => this.#open(),
        joined: (session) => void session.makeRoom(this.#others.count),
        sessionEnded: () => this.#server.sessionEnded(),
        waiting: (error, seconds) => tell("waiting", { error, seconds }),
        stages: () => tell("stages", null),
        closing: () => this.#closing(),
        state: (state, previous, error) => tell("state", { state, previous, error }),
      },
      settings.backoff,
    );
  }

  get state(): RoomState {
    return this.#sessions.state;
  }

  /** This client's peer id in the present session. */
  get self(): string | null {
    return this.#membership.self;
  }

  /** What the others see this client as: what its token says may not be what it asked for. */
  get name(): string | null {
    return this.#membership.name;
  }

  /** What this client may do in the room; nothing before it has joined. */
  get rights(): Rights {
    return this.#membership.rights;
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

  /** SDP offers so far; one a session unless the room outgrew the slots or ICE was restarted. */
  get offersSent(): number {
    return this.#sessions.offers;
  }

  /** The others, in the order in which they came. */
  get peers(): readonly RemotePeer[] {
    return this.#others.peers;
  }

  published(source: Source): Publication | undefined {
    return this.#publisher.get(source);
  }

  /**
   * Enter a room; resolves when the server has answered the first offer. From then on
   * lost sessions are replaced until `leave()`; the `state` event tells.
   *
   * @throws RoomError
   */
  async join(options: JoinOptions): Promise<void> {
    const { encryption } = options;
    this.#membership.ask(options);
    const joined = this.#sessions.begin(encryption && (() => this.#encrypt(encryption)));
    globalThis.addEventListener?.("pagehide", this.leave);
    this.#stopWatching = watchNetwork((sure) => {
      if (sure) this.#sessions.retryNow();
      this.#session?.networkChanged(sure);
    });
    await joined;
  }

  /** Publish `track` as `source`, or nothing. May be called at any time, before joining too. */
  async publish(source: Source, track: MediaStreamTrack | null): Promise<void> {
    await this.#publisher.publish(source, track);
  }

  setMuted(source: Source, muted: boolean): void {
    this.#publisher.setMuted(source, muted);
  }

  /**
   * Let the user choose a screen or window and show it to the others in place of the
   * camera, until `stopScreen()` or the browser ends the capture.
   *
   * @throws ShareError
   */
  async shareScreen(options?: ShareOptions): Promise<void> {
    await this.#publisher.shareScreen(options);
  }

  stopScreen(): void {
    this.#publisher.stopScreen();
  }

  /** The best quality that can be used of a peer's stage video, e.g. by the size of its tile. */
  prefer(peer: string, quality: Quality): void {
    this.#others.prefer(peer, quality);
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
    return this.#server.estimate;
  }

  /** How much video the server sends; less than `high` while it is overloaded. */
  get videoLimit(): VideoLimit {
    return this.#server.videoLimit;
  }

  /** While reconnecting: do not wait for the next attempt. */
  retryNow(): void {
    this.#sessions.retryNow();
  }

  /** Leave the room. Published tracks stay with their owner; a shared screen is stopped. */
  readonly leave = (): void => {
    if (this.#sessions.leave()) this.stopScreen();
  };

  get #session(): Session | null {
    return this.#sessions.present;
  }

  /** @throws RoomError */
  async #encrypt(source: EncryptionSource): Promise<void> {
    this.#encryption = await loadEncryption(source, {
      changed: () => this.#others.lookAtEncryption(),
      failed: (error) => this.emit("error", error),
    });
    this.conversation.encryptBy(this.#encryption);
  }

  #open(): Session {
    const { url, openSocket } = this.#settings;
    void this.#encryption?.enter(this.#membership.room);
    return new Session({
      url: url ?? signalingUrl(globalThis.location),
      join: this.#membership.request(this.encrypted),
      openSocket,
      pc: createPeerConnection(this.#settings),
      publications: () => this.#publisher.entries(),
      encryption: this.#encryption,
      handlers: this.#sessionHandlers,
    });
  }

  readonly #sessionHandlers: SessionHandlers = {
    joined: (joined) => {
      this.#membership.joined(joined);
      this.#began(joined.peers);
    },
    resumed: (peers) => {
      this.#began(peers);
      void this.#session?.makeRoom(peers.length);
    },
    message: (message) => this.#received(message),
    slots: () => {
      this.#others.lookAtEncryption();
      this.emit("stages", null);
    },
    connection: (state) => {
      if (state === "connected") this.#sessions.mediaStarted();
      this.emit("connection", state);
    },
    looked: (report) => this.emit("statistics", report),
    refused: (error) => {
      this.conversation.refused(error.code);
      this.emit("error", error);
    },
  };

  #sayView(): void {
    this.#session?.view(this.#viewing.message((peer) => this.#others.has(peer)));
  }

  /** What the server has said in an earlier session, or to an earlier socket, is void. */
  #began(peers: readonly PeerInfo[]): void {
    this.#server.began();
    if (this.self !== null) this.conversation.began(this.self);
    this.#others.meet(peers);
    if (this.#viewing.said) this.#sayView();
  }

  #received(message: ServerMessage): void {
    this.conversation.received(message);
    this.#server.received(message);
    if (message.type === "speakers") this.emit("speakers", message.speakers);
    if (message.type === "screen-taken-over") this.emit("screen-taken-over", message);
    if (message.type === "moderated") {
      this.#publisher.moderated(message.source);
      this.emit("moderated", message);
    }
    if (message.type === "rights-changed") {
      this.#membership.rights = message.rights;
      this.#publisher.mayPublish(message.rights.publish);
      this.emit("rights-changed", message.rights);
    }
    if (message.type === "moved") {
      this.#membership.room = message.room;
      this.emit("moved", message.room);
    }
    if (this.#others.received(message)) void this.#session?.makeRoom(this.#others.count);
  }

  #closing(): void {
    globalThis.removeEventListener?.("pagehide", this.leave);
    this.#stopWatching();
    this.#membership.ended();
    this.conversation.ended();
    this.#encryption?.close();
    this.#encryption = null;
    this.conversation.encryptBy(null);
    this.#others.ended();
  }
}
