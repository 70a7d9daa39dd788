/** One of the parties of a connection test: a session on a way of its own. */
import type { Joined, ServerMessage, Source } from "../../protocol.ts";
import { Emitter } from "../emitter.ts";
import { RoomError } from "../errors.ts";
import type { Publication } from "../publications.ts";
import { Session } from "../session.ts";
import type { OpenSocket } from "../signaling.ts";
import type { Way } from "./finding.ts";
import { KeptConnection } from "./way.ts";

/** How often figures are looked at, ms. */
const LOOK_EVERY = 100;
/** Browsers have figures of a new path only after some checks, ms. */
const FIGURES_WITHIN = 2_000;
/** What has to have arrived before it is believed. */
const PICTURES = 3;
const SOUNDS = 10;
/** The session counts its own from 0. */
const FIRST_PING = 1_000_000;

export interface PartyOptions {
  url: string;
  room: string;
  name: string;
  token: string | undefined;
  /** Who says the same is in the same room. */
  trial: string;
  way: Way;
  openSocket: OpenSocket;
  createPeerConnection: () => RTCPeerConnection;
}

interface Events {
  message: ServerMessage;
  connected: null;
  resumed: null;
}

export class Party extends Emitter<Events> {
  readonly way: Way;
  readonly connection: KeptConnection;
  joined: Joined | null = null;
  readonly #published = new Map<Source, Publication>();
  readonly #session: Session;
  #socket: WebSocket | null = null;
  #pings = FIRST_PING;

  constructor(options: PartyOptions) {
    super();
    const { url, room, name, token, trial, way } = options;
    this.way = way;
    this.connection = new KeptConnection(options.createPeerConnection(), way);
    this.#session = new Session({
      url,
      join: { room, name, trial, ...(token !== undefined && { token }) },
      openSocket: (address, subprotocol) => {
        this.#socket = options.openSocket(address, subprotocol);
        return this.#socket;
      },
      pc: this.connection.pc,
      publications: () => [...this.#published],
      encryption: null,
      handlers: {
        joined: (joined) => {
          this.joined = joined;
        },
        resumed: () => this.emit("resumed", null),
        message: (message) => this.emit("message", message),
        slots: () => undefined,
        connection: (state) => state === "connected" && this.emit("connected", null),
        looked: () => undefined,
        refused: () => undefined,
      },
    });
  }

  /**
   * Until the server has answered the first offer.
   *
   * @throws RoomError
   */
  async start(): Promise<void> {
    await this.#session.start();
  }

  /** Until media can flow. */
  async connected(): Promise<void> {
    if (this.connection.pc.connectionState !== "connected")
      await this.#until("connected", () => true);
  }

  /** The round trip of media, ms; null: it was not known in time. */
  async roundTrip(): Promise<number | null> {
    let found: number | null = null;
    const late = performance.now() + FIGURES_WITHIN;
    const known = this.#look(async () => {
      found = await this.connection.roundTrip();
      return found !== null || performance.now() >= late;
    });
    await known.catch(() => undefined);
    return found;
  }

  /** The round trip of a message, ms. */
  async ping(): Promise<number> {
    const id = this.#pings++;
    const since = performance.now();
    const pong = this.#until("message", (told) => told.type === "pong" && told.id === id);
    this.#session.say({ type: "ping", id });
    await pong;
    return Math.round(performance.now() - since);
  }

  async publish(source: Source, track: MediaStreamTrack): Promise<void> {
    const publication = { track, muted: false };
    this.#published.set(source, publication);
    await this.#session.publish(source, publication);
  }

  /** Until the server has what `peer` publishes: it sends it on. */
  async isShown(peer: string): Promise<void> {
    await this.#look(async () => {
      const { videoSource, audio } = this.#session.media(peer);
      return videoSource === "camera" && audio !== null;
    });
  }

  /** Until a sound and a picture have arrived. */
  async receives(): Promise<void> {
    await this.#look(async () => {
      const { pictures, sounds } = await this.connection.received();
      return pictures >= PICTURES && sounds >= SOUNDS;
    });
  }

  /** Lose the socket, without a word to the server, and come back; how long that took, ms. */
  async comeBack(): Promise<number> {
    const since = performance.now();
    const socket = this.#socket;
    if (!socket) throw new RoomError("signaling-lost", "there is no socket");
    const close = socket.close.bind(socket);
    // A close frame would be a goodbye.
    socket.close = () => undefined;
    const resumed = this.#until("resumed", () => true);
    socket.onclose?.({ code: 1006, reason: "" } as CloseEvent);
    try {
      await resumed;
    } finally {
      close();
    }
    return Math.round(performance.now() - since);
  }

  leave(): void {
    this.#session.leave();
  }

  /** @throws RoomError when the session ends before. */
  #until<Name extends keyof Events>(
    name: Name,
    wanted: (detail: Events[Name]) => boolean,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = this.on(name, (detail) => {
        if (!wanted(detail)) return;
        stop();
        resolve();
      });
      void this.#session.ended.then(({ error }) => {
        stop();
        reject(error);
      });
    });
  }

  /** @throws RoomError when the session ends before. */
  async #look(there: () => Promise<boolean>): Promise<void> {
    let over: RoomError | null = null;
    let wake: () => void = () => undefined;
    void this.#session.ended.then(({ error }) => {
      over = error;
      wake();
    });
    while (!(await there())) {
      if (over) throw over;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** @throws RoomError `request-timeout` when it is not done in time. */
export function within<Value>(milliseconds: number, done: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new RoomError("request-timeout", `not within ${milliseconds} ms`));
    const timer = setTimeout(late, milliseconds);
    done.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
