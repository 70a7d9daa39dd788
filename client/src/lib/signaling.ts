/** The signaling socket: typed messages both ways, its own heartbeat, one end. */
import { type ClientMessage, type ServerMessage, SUBPROTOCOL } from "../protocol.ts";
import { RoomError } from "./errors.ts";

/** Opening takes at most this long, ms. */
export const OPEN_TIMEOUT = 8_000;
/** A ping is sent after this long, ms, without a message. */
const PING_AFTER = 4_000;
/** Nothing at all for this many heartbeats after a ping: the server is gone. */
const MISSED_PONGS = 3;
/** More than this many unsent bytes: the path is dead or far too slow; the socket is given up. */
const MOST_BUFFERED = 1_048_576;

export interface SignalingHandlers {
  message(message: ServerMessage): void;
  /** Called once; not after `close()`. */
  lost(error: RoomError): void;
}

export type OpenSocket = (url: string, subprotocol: string) => WebSocket;

export const openWebSocket: OpenSocket = (url, subprotocol) => new WebSocket(url, subprotocol);

/**
 * The signaling URL of the server this page came from.
 *
 * @param location e.g. `globalThis.location`.
 */
export function signalingUrl(location: { protocol: string; host: string }): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/signal`;
}

/** @throws RoomError `protocol-error` when `text` is no message at all. */
function parse(text: unknown): ServerMessage {
  try {
    const value: unknown = typeof text === "string" ? JSON.parse(text) : null;
    if (typeof value === "object" && value !== null && "type" in value)
      return value as ServerMessage;
  } catch {
    // Answered below.
  }
  throw new RoomError("protocol-error", "the server sent something that is no message");
}

export class SignalingSocket {
  readonly #socket: WebSocket;
  readonly #handlers: SignalingHandlers;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #silentBeats = 0;
  #pings = 0;
  #ended = false;

  private constructor(socket: WebSocket, handlers: SignalingHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
  }

  /**
   * Resolves when the socket is open.
   *
   * @throws RoomError `server-unreachable`.
   */
  static open(
    url: string,
    handlers: SignalingHandlers,
    openSocket: OpenSocket = openWebSocket,
    abort?: AbortSignal,
    within = OPEN_TIMEOUT,
  ): Promise<SignalingSocket> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(url, SUBPROTOCOL);
      const fail = (message: string) => {
        settled();
        socket.onopen = socket.onclose = null;
        socket.close();
        reject(new RoomError("server-unreachable", message, true));
      };
      const deadline = setTimeout(() => fail("no answer from the server"), within);
      const cancel = () => fail("cancelled");
      abort?.addEventListener("abort", cancel);
      const settled = () => {
        clearTimeout(deadline);
        abort?.removeEventListener("abort", cancel);
      };
      socket.onclose = () => fail("the server cannot be reached");
      socket.onopen = () => {
        settled();
        const opened = new SignalingSocket(socket, handlers);
        opened.#listen();
        resolve(opened);
      };
    });
  }

  send(message: ClientMessage): void {
    if (this.#ended || this.#socket.readyState !== 1) return;
    if (this.#socket.bufferedAmount > MOST_BUFFERED)
      this.#lose(new RoomError("signaling-lost", "the server does not take our messages", true));
    else this.#socket.send(JSON.stringify(message));
  }

  /** Have the server say something. */
  ping(): void {
    this.send({ type: "ping", id: this.#pings++ });
  }

  /** Close without a further word to the handlers. */
  close(): void {
    if (this.#ended) return;
    this.#end();
    this.#socket.close(1000);
  }

  #listen(): void {
    this.#socket.onmessage = (event: MessageEvent<unknown>) => this.#received(event.data);
    this.#socket.onclose = (event) => {
      const reason = event.reason || `the connection to the server closed (${event.code})`;
      this.#lose(new RoomError("signaling-lost", reason, true));
    };
    this.#heartbeat = setInterval(() => this.#beat(), PING_AFTER);
  }

  #received(data: unknown): void {
    if (this.#ended) return;
    this.#silentBeats = 0;
    try {
      this.#handlers.message(parse(data));
    } catch (error) {
      if (!(error instanceof RoomError)) throw error;
      this.#lose(error);
    }
  }

  /** Counts beats instead of reading a clock: a page asleep for an hour has not missed an hour of pongs. */
  #beat(): void {
    this.#silentBeats += 1;
    if (this.#silentBeats > MISSED_PONGS)
      this.#lose(new RoomError("signaling-lost", "the server fell silent", true));
    else this.ping();
  }

  #lose(error: RoomError): void {
    if (this.#ended) return;
    this.#end();
    this.#socket.close();
    this.#handlers.lost(error);
  }

  #end(): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.#socket.onmessage = this.#socket.onclose = null;
  }
}
