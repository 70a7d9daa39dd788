/** A server and a room without a network: what applications drive a RoomClient with in their tests. */
import type { RoomClientSettings } from "../lib/index.ts";
import type {
  ClientMessage,
  Join,
  ModerationCode,
  Publish,
  Rights,
  ServerMessage,
  Source,
} from "../protocol.ts";
import { FakeCommons } from "./fake-commons.ts";
import { FakeMediaStream } from "./fake-media.ts";
import { FakePeer, type Surroundings } from "./fake-peer.ts";
import { FakePeerConnection } from "./fake-peer-connection.ts";
import { FakeScreens } from "./fake-screens.ts";
import { FakeSlots } from "./fake-slots.ts";
import { FakeSocket } from "./fake-socket.ts";

export const ALL_RIGHTS: Rights = {
  publish: ["camera", "microphone", "screen", "screen-audio"],
  subscribe: true,
  data: true,
  moderate: false,
  record: false,
};

export interface Refusal {
  code: string;
  /** Whether joining anew may help. */
  rejoin?: boolean;
  /** Seconds after which it may be granted. */
  retryAfter?: number;
}

/**
 * Answers what a client says, as the real one does, at once and always in the same order: it waits
 * for nothing but promises, so it works with a test's virtual clock. What it has no answer to
 * (`prefer`, most of `view`, `experience`) is in `heard`.
 */
export class FakeServer {
  /** What the client may do, from its next join on. */
  rights: Rights = ALL_RIGHTS;
  /** Whether a socket can be opened. */
  reachable = true;
  /** Whether tests of a connection have rooms of their own; older servers have none. */
  knowsTrials = true;
  /** Refuses joins, while it is set. */
  refusal: Refusal | null = null;
  /** All that the client has said, in all of its sessions. */
  readonly heard: ClientMessage[] = [];
  /** Its newest last. */
  readonly connections: FakePeerConnection[] = [];
  readonly #slots = new FakeSlots();
  readonly #commons = new FakeCommons((message) => this.#tell(message));
  readonly #published = new Map<Source, Publish>();
  readonly #screens = new FakeScreens({
    tell: (message) => this.#tell(message),
    peers: () => this.#peers,
    published: this.#published,
  });
  #peers: FakePeer[] = [];
  #socket: FakeSocket | null = null;
  #self = "";
  #room = "";
  #name = "";
  #made = 0;

  /** What the RoomClient under test is given. */
  readonly settings: RoomClientSettings = {
    url: "wss://fake.invalid/signal",
    openSocket: () => this.#open() as unknown as WebSocket,
    createPeerConnection: () => this.#connect() as unknown as RTCPeerConnection,
  };

  /** The others in the room. */
  get peers(): readonly FakePeer[] {
    return this.#peers;
  }

  /** What the client has said that it publishes. */
  published(source: Source): { muted: boolean } | null {
    const published = this.#published.get(source);
    return published?.live ? { muted: published.muted ?? false } : null;
  }

  /** What the client sends on the line of `source`, if anything. */
  sent(source: Source): unknown {
    const offer = this.heard.findLast((message) => message.type === "offer");
    const mid = offer?.sending?.find((line) => line.source === source)?.mid;
    const lines = this.connections.at(-1)?.transceivers ?? [];
    return lines.find((line) => line.mid === mid)?.sender.track ?? null;
  }

  /** Somebody comes, publishing `sources`. */
  enters(name: string, sources: readonly Source[] = []): FakePeer {
    const peer = new FakePeer(`peer-${++this.#made}`, name, this.#surroundings);
    this.#peers.push(peer);
    for (const source of sources) peer.publish(source);
    this.#tell({ type: "peer-joined", peer: peer.info });
    this.#tellSlots();
    return peer;
  }

  /** The socket goes without a word; the client comes back by itself, and nobody was told. */
  loseSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.lose();
  }

  /** The media connection changes, e.g. to "disconnected" or "failed". */
  media(state: RTCPeerConnectionState): void {
    this.connections.at(-1)?.connect(state);
  }

  /** End the session, as the server does with that code. */
  end({ code, rejoin = false, retryAfter }: Refusal): void {
    this.#self = "";
    this.#refuse({ code, rejoin, ...(retryAfter !== undefined && { retryAfter }) });
  }

  /** A moderator mutes the client, or (without a source) removes it. */
  moderate(by: FakePeer, source: Source | null = null, reason = ""): void {
    const code: ModerationCode = source ? "muted-by-moderator" : "removed-by-moderator";
    this.#tell({ type: "moderated", code, by: by.id, name: by.name, source, reason });
    if (!source) this.end({ code });
  }

  changeRights(rights: Partial<Rights>): void {
    this.rights = { ...this.rights, ...rights };
    this.#tell({ type: "rights-changed", rights: this.rights });
  }

  /** Say anything else that a server may. */
  say(message: ServerMessage): void {
    this.#tell(message);
  }

  #open(): FakeSocket {
    const socket = new FakeSocket();
    socket.onsent = (message) => {
      this.heard.push(message);
      // A server is never quicker than the call that asks it.
      queueMicrotask(() => this.#answer(message));
    };
    queueMicrotask(() => {
      if (!this.reachable) return socket.lose();
      if (socket.readyState !== 0) return;
      this.#socket = socket;
      socket.open();
    });
    return socket;
  }

  #connect(): FakePeerConnection {
    // Receiving lines make streams, which only browsers have.
    const scope: { MediaStream?: unknown } = globalThis;
    scope.MediaStream ??= FakeMediaStream;
    const connection = new FakePeerConnection({ connects: true });
    this.connections.push(connection);
    return connection;
  }

  #tell(message: ServerMessage): void {
    this.#socket?.receive(message);
  }

  #answer(message: ClientMessage): void {
    switch (message.type) {
      case "join":
        this.#asked(message);
        break;
      case "resume":
        this.#resume(message.resumeToken);
        break;
      case "offer":
        this.#slots.offered(message.slots ?? []);
        this.#tell({ type: "answer", id: message.id, sdp: "v=0" });
        this.#tellSlots();
        break;
      case "view":
        this.#slots.beside = (message.tiles ?? [])
          .filter(({ source }) => source === "camera")
          .map(({ peer }) => peer);
        this.#tellSlots();
        break;
      case "publish":
        this.#screens.publish(message, { id: this.#self, name: this.#name });
        break;
      case "send-chat":
        this.#commons.write(this.#self, this.#name, message.text);
        break;
      case "raise-hand":
        this.#commons.raise(this.#self, message.raised);
        break;
      case "lower-hand":
        this.#commons.raise(message.peer, false);
        break;
      case "react":
        this.#commons.react(this.#self, message.reaction);
        break;
      case "lock-room": {
        const { locked } = message;
        this.#tell({ type: "room-locked", locked, by: this.#self, name: this.#name });
        break;
      }
      case "mute-peer":
        this.#peers.find(({ id }) => id === message.peer)?.mute(message.source);
        break;
      case "remove-peer":
        this.#remove(message.peer, "removed");
        break;
      case "ping":
        this.#tell({ type: "pong", id: message.id });
        break;
      case "leave":
        this.#socket = null;
        this.#self = "";
    }
  }

  #asked({ room, name, trial }: Join): void {
    if (this.refusal) {
      this.#refuse(this.refusal);
      return;
    }
    this.#room = room;
    if (trial && this.knowsTrials) this.#room += `/${trial}`;
    this.#name = name;
    this.#joined();
  }

  #resume(token: string): void {
    if (token !== `token-${this.#self}`) {
      this.#refuse({ code: "resume-unknown", rejoin: true });
      return;
    }
    this.#tell({ type: "resumed", peer: this.#self, room: this.#room, peers: this.#others() });
    this.#commons.tellAll();
    this.#tellSlots();
  }

  #joined(): void {
    this.#self = `self-${++this.#made}`;
    this.#slots.forget();
    this.#tell({
      type: "joined",
      peer: this.#self,
      room: this.#room,
      name: this.#name,
      rights: this.rights,
      resumeToken: `token-${this.#self}`,
      peers: this.#others(),
      iceServers: [],
    });
    this.#commons.tellAll();
  }

  #others() {
    return this.#peers.map(({ info }) => info);
  }

  #refuse({ code, rejoin = false, retryAfter }: Refusal): void {
    this.#tell({
      type: "error",
      code,
      message: code,
      fatal: true,
      rejoin,
      id: null,
      failure: null,
      retryAfter: retryAfter ?? null,
    });
    this.#socket = null;
  }

  #tellSlots(): void {
    const slots = this.#slots.map(this.#peers);
    this.#tell({ type: "slots", slots });
    for (const shows of this.#slots.shows(slots)) this.#tell(shows);
  }

  readonly #surroundings: Surroundings = {
    updated: (peer) => {
      // It publishes before it is there.
      if (!this.#peers.includes(peer)) return;
      this.#tell({ type: "peer-updated", peer: peer.info });
      this.#tellSlots();
    },
    presents: (peer) => this.#screens.present(peer),
    wrote: ({ id, name }, text) => this.#commons.write(id, name, text),
    raised: ({ id }, raised) => this.#commons.raise(id, raised),
    reacted: ({ id }, reaction) => this.#commons.react(id, reaction),
    spoke: ({ id: peer }, speaking) =>
      this.#tell({ type: "speakers", speakers: [{ peer, speaking }] }),
    left: ({ id }, reason) => this.#remove(id, reason),
  };

  #remove(peer: string, reason: "removed" | "left" | "gone" | "timeout" | "failed"): void {
    if (!this.#peers.some(({ id }) => id === peer)) return;
    this.#peers = this.#peers.filter(({ id }) => id !== peer);
    this.#commons.raise(peer, false);
    this.#tell({ type: "peer-left", peer, reason });
    this.#tellSlots();
  }
}
