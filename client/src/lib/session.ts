/**
 * One session: one socket and one peer connection, from `join` to whichever ends first.
 * It never comes back; RoomClient starts another.
 */
import type { ErrorMessage, Join, Joined, Quality, ServerMessage, Source } from "../protocol.ts";
import { asRoomError, RoomError } from "./errors.ts";
import { Negotiation } from "./negotiation.ts";
import type { Publication } from "./publications.ts";
import { type OpenSocket, SignalingSocket } from "./signaling.ts";
import { pairsFor, SlotTable } from "./slots.ts";

/** The server says `joined` within this, ms. */
const JOIN_TIMEOUT = 10_000;

export interface SessionEnd {
  error: RoomError;
  /** The server said so itself, with a code; else something broke. */
  refused: boolean;
}

export interface SessionHandlers {
  joined(message: Joined): void;
  /** Everything about other peers. */
  message(message: ServerMessage): void;
  /** What the slots show has changed. */
  slots(): void;
  connection(state: RTCPeerConnectionState): void;
  /** A request was refused; the session goes on. */
  refused(error: RoomError): void;
}

export interface SessionOptions {
  url: string;
  join: Omit<Join, "type">;
  openSocket: OpenSocket | undefined;
  pc: RTCPeerConnection;
  publications: () => readonly [Source, Publication][];
  handlers: SessionHandlers;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #negotiation: Negotiation;
  readonly #slots = new SlotTable();
  readonly #abort = new AbortController();
  #socket: SignalingSocket | null = null;
  #joined: ((message: Joined) => void) | null = null;
  #published = false;
  #full = false;
  #end!: (end: SessionEnd) => void;

  /** Resolves when the session is over; it never rejects. */
  readonly ended = new Promise<SessionEnd>((resolve) => {
    this.#end = resolve;
  });

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#negotiation = new Negotiation(options.pc, {
      send: (message) => this.#socket?.send(message),
      connection: options.handlers.connection,
      failed: (error) => this.#end({ error, refused: false }),
    });
  }

  get pc(): RTCPeerConnection {
    return this.#negotiation.pc;
  }

  get offers(): number {
    return this.#negotiation.offers;
  }

  get slots(): SlotTable {
    return this.#slots;
  }

  /** What arrives in the slot `mid`. */
  stream(mid: string): MediaStream | null {
    return this.#negotiation.receiving.stream(mid);
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
    this.#announce(source, publication);
    await this.#negotiation.sending.set(source, publication?.track ?? null);
  }

  /** Tell the others of a mute without touching the sending line. */
  announceMute(source: Source, publication: Publication): void {
    this.#announce(source, publication);
  }

  prefer(peer: string, quality: Quality): void {
    this.#socket?.send({ type: "prefer", peer, quality });
  }

  /** Offer more slots when `others` peers have outgrown them. */
  async makeRoom(others: number): Promise<void> {
    const have = this.#negotiation.receiving.pairs;
    const pairs = pairsFor(others, have);
    if (!this.#published || this.#full || pairs <= have) return;
    try {
      await this.#offer(pairs);
    } catch (error) {
      this.#full = true;
      this.#options.handlers.refused(asRoomError(error, "protocol-error"));
    }
  }

  leave(): void {
    this.#socket?.send({ type: "leave" });
    this.close();
  }

  close(): void {
    this.#end({ error: new RoomError("left", "left"), refused: false });
    this.#abort.abort();
    this.#socket?.close();
    this.#negotiation.close();
  }

  async #start(): Promise<void> {
    const { url, join, openSocket, publications, handlers } = this.#options;
    const filled = Promise.all(
      publications().map(([source, { track }]) => this.#negotiation.sending.set(source, track)),
    );
    const handle = {
      message: (message: ServerMessage) => this.#received(message),
      lost: (error: RoomError) => this.#end({ error, refused: false }),
    };
    this.#socket = await SignalingSocket.open(url, handle, openSocket, this.#abort.signal);
    const joined = await this.#join({ type: "join", ...join });
    await filled;
    handlers.joined(joined);
    this.#negotiation.configure(joined.iceServers ?? []);
    await this.#offer(pairsFor(joined.peers.length, 0));
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
      this.#socket?.send(join);
    });
  }

  async #offer(pairs: number): Promise<void> {
    await this.#negotiation.offer(pairs, () => {
      const known = new Set(this.#slots.lines.map(({ mid }) => mid));
      this.#slots.add(this.#negotiation.receiving.lines().filter(({ mid }) => !known.has(mid)));
      if (this.#published) return;
      // In order behind the offer: no need to wait for its answer.
      this.#published = true;
      for (const [source, publication] of this.#options.publications())
        this.#announce(source, publication);
    });
  }

  #announce(source: Source, publication: Publication | null): void {
    if (!this.#published) return;
    const live = publication !== null;
    const muted = publication?.muted ?? false;
    this.#socket?.send({ type: "publish", source, live, muted });
  }

  #received(message: ServerMessage): void {
    switch (message.type) {
      case "joined":
        this.#joined?.(message);
        break;
      case "answer":
        this.#negotiation.answered(message);
        break;
      case "slots":
        this.#slots.map(message.slots);
        this.#options.handlers.slots();
        break;
      case "slot-shows":
        this.#slots.shows(message.mid, message.peer, message.source);
        this.#options.handlers.slots();
        break;
      case "error":
        this.#refused(message);
        break;
      default:
        this.#options.handlers.message(message);
    }
  }

  #refused(message: ErrorMessage): void {
    const error = new RoomError(message.code, message.message, message.rejoin ?? false);
    if (message.fatal) this.#end({ error, refused: true });
    else if (message.id == null || !this.#negotiation.refused(message.id, error))
      this.#options.handlers.refused(error);
  }
}
