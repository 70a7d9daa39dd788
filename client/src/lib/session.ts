/**
 * One session: one peer connection, from `join` to its end. A lost socket is replaced by
 * another that resumes the session; when that fails RoomClient starts another session.
 */
import type {
  ClientMessage,
  ErrorMessage,
  Join,
  Joined,
  PeerInfo,
  Quality,
  Rights,
  SendCodec,
  ServerMessage,
  SlotLayer,
  SlotState,
  Source,
  View,
} from "../protocol.ts";
import type { LineState } from "./encryption/verdict.ts";
import type { LineEncryption } from "./end-to-end.ts";
import { asRoomError, RoomError } from "./errors.ts";
import { Negotiation, type NegotiationHandlers } from "./negotiation.ts";
import type { Publication } from "./publications.ts";
import { SOURCES } from "./sending.ts";
import type { OpenSocket } from "./signaling.ts";
import { SignalingLink } from "./signaling-link.ts";
import { pairsFor, SlotTable } from "./slots.ts";

/** The server says `joined` within this, ms. */
const JOIN_TIMEOUT = 10_000;

export interface SessionEnd {
  error: RoomError;
  /** The server said so itself, with a code; else something broke. */
  refused: boolean;
}

/** What of a peer can be seen and heard now. */
export interface PeerMedia {
  /** The peer's stage: its screen while it shares, else its camera; null: no slot. */
  video: MediaStream | null;
  /** What `video` shows now; null while there is nothing to be seen. */
  videoSource: "camera" | "screen" | null;
  /** Its microphone, in sync with `video`. */
  audio: MediaStream | null;
  /** The sound of its screen. */
  screenAudio: MediaStream | null;
  /** What the server sends for `video`, and why nothing; null while it has not said. */
  layer: SlotLayer | null;
  /** Its camera beside its screen, where the view asks for it; null: there is nothing to be seen. */
  camera: MediaStream | null;
  /** What the server sends for `camera`. */
  cameraLayer: SlotLayer | null;
}

export const NO_MEDIA: PeerMedia = {
  video: null,
  videoSource: null,
  audio: null,
  screenAudio: null,
  layer: null,
  camera: null,
  cameraLayer: null,
};

export interface SessionHandlers {
  joined(message: Joined): void;
  /** The socket was replaced; these are the others now. */
  resumed(peers: readonly PeerInfo[]): void;
  /** Everything about other peers. */
  message(message: ServerMessage): void;
  /** What the slots show has changed. */
  slots(): void;
  connection(state: RTCPeerConnectionState): void;
  /** The client has looked at what the browser counts. */
  looked(report: RTCStatsReport): void;
  /** A request was refused; the session goes on. */
  refused(error: RoomError): void;
}

export interface SessionOptions {
  url: string;
  join: Omit<Join, "type">;
  openSocket: OpenSocket | undefined;
  pc: RTCPeerConnection;
  publications: () => readonly [Source, Publication][];
  encryption: LineEncryption | null;
  handlers: SessionHandlers;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #link: SignalingLink;
  readonly #negotiation: Negotiation;
  readonly #slots = new SlotTable();
  #layers: ReadonlyMap<string, SlotLayer> = new Map();
  readonly #abort = new AbortController();
  #joined: ((message: Joined) => void) | null = null;
  #rights: Rights | null = null;
  #published = false;
  /** Offered so far, answered or not. */
  #pairs = 0;
  #others = 0;
  /** Cameras that the view asks for beside screens. */
  #beside = 0;
  /** The server refused more. */
  #full = false;
  #retired = false;
  #end!: (end: SessionEnd) => void;

  /** Resolves when the session is over; it never rejects. */
  readonly ended = new Promise<SessionEnd>((resolve) => {
    this.#end = resolve;
  });

  constructor(options: SessionOptions) {
    this.#options = options;
    const handlers: NegotiationHandlers = {
      send: (message) => this.#link.send(message),
      connection: (state) => {
        if (!this.#retired) options.handlers.connection(state);
      },
      looked: (report) => {
        if (!this.#retired) options.handlers.looked(report);
      },
      silent: () => this.#link.doubt(),
      // Who reaches the server by no way at all has no trouble with media alone.
      failed: (error) => this.#end({ error: this.#link.trouble ?? error, refused: false }),
    };
    this.#link = new SignalingLink(options.url, options.openSocket, {
      message: (message) => this.#received(message),
      outlasts: () => this.#published && this.#negotiation.outlasts,
      lost: (error) => this.#end({ error, refused: false }),
    });
    this.#negotiation = new Negotiation(options.pc, handlers, options.encryption);
  }

  get pc(): RTCPeerConnection {
    return this.#negotiation.pc;
  }

  get offers(): number {
    return this.#negotiation.offers;
  }

  line(source: Source): RTCRtpTransceiver | null {
    return this.#negotiation.sending.line(source);
  }

  /** What is to be seen and heard of `peer`. */
  media(peer: string): PeerMedia {
    const { video, videoSource, audio, screenAudio, camera, cameraShows } = this.#slots.of(peer);
    const stream = (mid: string | null) => mid && this.#negotiation.receiving.stream(mid);
    return {
      video: stream(video) || null,
      videoSource,
      audio: stream(audio) || null,
      screenAudio: stream(screenAudio) || null,
      layer: (video && this.#layers.get(video)) || null,
      camera: (cameraShows && stream(camera)) || null,
      cameraLayer: (camera && this.#layers.get(camera)) || null,
    };
  }

  /** What is opened of `peer` on the lines that show it. */
  opened(peer: string): LineState[] {
    const { encryption } = this.#options;
    const { audio, screenAudio, video, camera } = this.#slots.of(peer);
    return [audio, screenAudio, video, camera].flatMap((mid) => {
      const receiver = mid && this.#negotiation.receiving.receiver(mid);
      return encryption && receiver ? [encryption.state(receiver)] : [];
    });
  }

  /** Join and negotiate; returns at once, `ended` and `start` tell the rest. */
  async start(): Promise<void> {
    try {
      await Promise.race([this.#start(), this.ended.then(({ error }) => Promise.reject(error))]);
    } catch (error) {
      this.#end({ error: asRoomError(error, "media-failed"), refused: false });
      throw error;
    }
  }

  async publish(source: Source, publication: Publication | null): Promise<void> {
    this.#announce(source, publication, false);
    await this.#negotiation.sending.set(source, publication?.track ?? null);
  }

  /** Tell the others of a mute without touching the sending line. */
  announceMute(source: Source, publication: Publication): void {
    this.#announce(source, publication, false);
  }

  prefer(peer: string, quality: Quality): void {
    this.#link.send({ type: "prefer", peer, quality });
  }

  mutePeer(peer: string, source: Source, reason: string): void {
    this.#link.send({ type: "mute-peer", peer, source, reason });
  }

  removePeer(peer: string, reason: string): void {
    this.#link.send({ type: "remove-peer", peer, reason });
  }

  /** Send what needs nothing else done; it is lost when there is no socket. */
  say(message: ClientMessage): void {
    this.#link.send(message);
  }

  view(view: Omit<View, "type">): void {
    this.#link.send({ type: "view", ...view });
    this.#beside = (view.tiles ?? []).filter(({ source }) => source === "camera").length;
    void this.makeRoom(this.#others);
  }

  /** Offer more slots when `others` peers, and the cameras beside their screens, have outgrown them. */
  async makeRoom(others: number): Promise<void> {
    this.#others = others;
    const pairs = pairsFor(others + this.#beside, this.#pairs);
    if (!this.#published || this.#full || pairs === this.#pairs) return;
    try {
      await this.#offer(pairs);
    } catch (error) {
      this.#full = true;
      if (!this.#retired) this.#options.handlers.refused(asRoomError(error, "protocol-error"));
    }
  }

  /** This device may be on another network now. */
  networkChanged(sure: boolean): void {
    this.#negotiation.networkChanged(sure);
    if (sure) this.#link.networkChanged();
    else this.#link.doubt();
  }

  leave(): void {
    this.#link.send({ type: "leave" });
    this.close();
  }

  /** No more signaling, but what still arrives is shown until `close()`. */
  retire(): void {
    this.#retired = true;
    this.#abort.abort();
    this.#link.close();
    this.#negotiation.abandon();
  }

  close(): void {
    this.#end({ error: new RoomError("left", "left"), refused: false });
    this.retire();
    this.#negotiation.close();
  }

  async #start(): Promise<void> {
    const { join, publications, handlers } = this.#options;
    const filled = Promise.all(
      publications().map(([source, { track }]) => this.#negotiation.sending.set(source, track)),
    );
    await this.#link.open();
    const joined = await this.#join({ type: "join", ...join });
    this.#link.joined(joined.resumeToken);
    this.#rights = joined.rights;
    await filled;
    handlers.joined(joined);
    this.#negotiation.configure(joined.iceServers ?? []);
    await this.#offer(pairsFor(joined.peers.length + this.#beside, 0));
  }

  /** What was said to the old socket may be lost: it is said again. */
  #resumed(peers: readonly PeerInfo[]): void {
    this.#options.handlers.resumed(peers);
    const published = new Map(this.#options.publications());
    for (const source of SOURCES) this.#announce(source, published.get(source) ?? null, true);
    this.#negotiation.resumed();
  }

  #join(join: Join): Promise<Joined> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new RoomError("request-timeout", "no answer to the join", true)),
        JOIN_TIMEOUT,
      );
      this.#abort.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
      this.#joined = (message) => {
        clearTimeout(timer);
        resolve(message);
      };
      this.#link.send(join);
    });
  }

  async #offer(pairs: number): Promise<void> {
    this.#pairs = pairs;
    await this.#negotiation.offer(pairs, () => {
      const known = new Set(this.#slots.lines.map(({ mid }) => mid));
      this.#slots.add(this.#negotiation.receiving.lines().filter(({ mid }) => !known.has(mid)));
      if (this.#published) return;
      // In order behind the offer: no need to wait for its answer.
      this.#published = true;
      this.#announceAll();
    });
  }

  async #encode({ source, codec, svc = false }: SendCodec): Promise<void> {
    if (!(await this.#negotiation.sending.encode(source, { codec, svc }))) return;
    // The browser changes its codec by an offer alone.
    await this.#negotiation.offer(0).catch((error: unknown) => {
      if (!this.#retired) this.#options.handlers.refused(asRoomError(error, "protocol-error"));
    });
  }

  /** The lines of what may be used now, or not any more, change by an offer alone. */
  async #allowed(rights: Rights): Promise<void> {
    this.#rights = rights;
    // The first offer goes by them already.
    if (!this.#published) return;
    await this.#negotiation
      .offer(0, () => this.#announceAll())
      .catch((error: unknown) => {
        if (!this.#retired) this.#options.handlers.refused(asRoomError(error, "protocol-error"));
      });
  }

  /** What was published before takes nobody's place: its user did not ask for it just now. */
  #announceAll(): void {
    for (const [source, publication] of this.#options.publications())
      this.#announce(source, publication, true);
  }

  #announce(source: Source, publication: Publication | null, again: boolean): void {
    if (!this.#published) return;
    const live = publication !== null;
    // The server would refuse it, and its line carries nothing.
    if (live && !this.#rights?.publish.includes(source)) return;
    const muted = publication?.muted ?? false;
    this.#link.send({ type: "publish", source, live, muted, again });
  }

  #received(message: ServerMessage): void {
    switch (message.type) {
      case "joined":
        this.#joined?.(message);
        break;
      case "resumed":
        this.#resumed(message.peers);
        break;
      case "answer":
        this.#negotiation.answered(message);
        break;
      case "slots":
        this.#map(message.slots);
        this.#options.handlers.slots();
        break;
      case "slot-shows":
        this.#slots.shows(message.mid, message.peer, message.source);
        this.#options.handlers.slots();
        break;
      case "slot-state":
        this.#layers = new Map(message.slots.map((layer) => [layer.mid, layer]));
        this.#options.handlers.slots();
        this.#options.handlers.message(message);
        break;
      case "restart-encoder":
        void this.#negotiation.sending.restart(message.source);
        break;
      case "send-codec":
        void this.#encode(message);
        break;
      case "rights-changed":
        void this.#allowed(message.rights);
        this.#options.handlers.message(message);
        break;
      case "send-encodings":
        void this.#negotiation.sending.want(message.source, message.rids);
        break;
      case "error":
        this.#refused(message);
        break;
      default:
        this.#options.handlers.message(message);
    }
  }

  #map(slots: readonly SlotState[]): void {
    const others = this.#slots.map(slots).map((mid) => this.#negotiation.receiving.receiver(mid));
    this.#options.encryption?.reset(others.filter((receiver) => receiver !== null));
  }

  #refused(message: ErrorMessage): void {
    const error = new RoomError(
      message.code,
      message.message,
      message.rejoin ?? false,
      message.retryAfter ?? null,
      message.failure ?? null,
    );
    // It was the socket's failure alone: the server still has the peer and its media.
    const alive = this.#published && this.pc.connectionState === "connected";
    if (message.code === "connection-failed" && alive) {
      this.#options.handlers.refused(error);
      this.#link.renounce(error);
    } else if (message.fatal) this.#end({ error, refused: true });
    else if (message.id == null || !this.#negotiation.refused(message.id, error))
      this.#options.handlers.refused(error);
  }
}
