/**
 * How one session reaches the server: by a socket, and by another in its place that resumes
 * the session, when it is lost or seems so. While it only seems so, both may still do: the
 * one that speaks first is kept.
 */
import type { ClientMessage, ServerMessage } from "../protocol.ts";
import { RoomError } from "./errors.ts";
import { OPEN_TIMEOUT, type OpenSocket, SignalingSocket } from "./signaling.ts";

/** A lost socket is replaced within this, ms; then the server's grace period is nearly over. */
const RESUME_WITHIN = 12_000;
/** Between two attempts to resume, ms: at first, each time twice as long, and at most. */
const RESUME_EVERY = 100;
const RESUME_EVERY_AT_MOST = 500;
/** Who has just answered is not asked again, ms. */
const ASKED_EVERY = 1_000;
/** A socket that is in doubt answers within this, ms; each one after it, before any has, within twice that. */
const ANSWER_WITHIN = 400;
/** The first attempt to resume opens within this, ms, and each further one within twice that. */
const OPENS_WITHIN = 1_500;

export interface LinkHandlers {
  message(message: ServerMessage): void;
  /** Whether the session may go on without a socket for a while. */
  outlasts(): boolean;
  /** There is no socket, and none is looked for any more. */
  lost(error: RoomError): void;
}

export class SignalingLink {
  readonly #url: string;
  readonly #openSocket: OpenSocket | undefined;
  readonly #handlers: LinkHandlers;
  readonly #closed = new AbortController();
  #socket: SignalingSocket | null = null;
  #resumeToken: string | null = null;
  #error = new RoomError("signaling-lost", "the server does not answer", true);
  /** When it was lost, or doubted, by performance.now(). */
  #since: number | null = null;
  #attempt: AbortController | null = null;
  #failures = 0;
  #askedAt = -ASKED_EVERY;
  #unanswered = 0;
  #doubt: ReturnType<typeof setTimeout> | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, openSocket: OpenSocket | undefined, handlers: LinkHandlers) {
    this.#url = url;
    this.#openSocket = openSocket;
    this.#handlers = handlers;
  }

  /** @throws RoomError `server-unreachable`. */
  async open(): Promise<void> {
    this.#socket = await this.#opened(this.#closed.signal);
  }

  /** The session is the one of this token from now on. */
  joined(resumeToken: string): void {
    this.#resumeToken = resumeToken;
  }

  /** Why there is no socket that answers; null: there is one. */
  get trouble(): RoomError | null {
    return this.#since === null ? null : this.#error;
  }

  /** What is sent without a socket is lost. */
  send(message: ClientMessage): void {
    this.#socket?.send(message);
  }

  /** Have the server answer, or get another socket. */
  doubt(): void {
    if (!this.#socket || this.#resumeToken === null) return;
    if (this.#doubt !== undefined || this.#attempt || this.#next !== undefined) return;
    if (performance.now() - this.#askedAt < ASKED_EVERY) return;
    this.#askedAt = performance.now();
    this.#socket.ping();
    const within = Math.min(OPEN_TIMEOUT, ANSWER_WITHIN * 2 ** this.#unanswered++);
    this.#doubt = setTimeout(() => {
      this.#doubt = undefined;
      void this.#replace();
    }, within);
  }

  /** The device is on another network: what is under way went by the former one. */
  networkChanged(): void {
    const trying = this.#attempt !== null || this.#next !== undefined;
    this.#stop();
    this.#failures = this.#unanswered = 0;
    this.#askedAt = -ASKED_EVERY;
    if (trying) void this.#replace();
    else this.doubt();
  }

  /** The server has ended the socket, not the session. */
  renounce(error: RoomError): void {
    this.#socket?.close();
    this.#lost(error);
  }

  close(): void {
    this.#closed.abort();
    this.#stop();
    this.#socket?.close();
  }

  readonly #incoming = {
    message: (message: ServerMessage) => {
      this.#stop();
      this.#since = null;
      this.#failures = this.#unanswered = 0;
      this.#handlers.message(message);
    },
    lost: (error: RoomError) => this.#lost(error),
  };

  #lost(error: RoomError): void {
    this.#socket = null;
    this.#error = error;
    this.#since ??= performance.now();
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
    if (this.#closed.signal.aborted || this.#attempt) return;
    if (this.#resumeToken === null || !this.#handlers.outlasts()) this.#giveUp();
    else this.#next ??= setTimeout(() => void this.#replace(), 0);
  }

  async #replace(): Promise<void> {
    this.#stop();
    if (this.#closed.signal.aborted) return;
    this.#since ??= performance.now();
    const late = performance.now() - this.#since > RESUME_WITHIN;
    if (late || !this.#handlers.outlasts()) {
      this.#giveUp();
      return;
    }
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      const within = Math.min(OPEN_TIMEOUT, OPENS_WITHIN * 2 ** this.#failures++);
      const socket = await this.#opened(attempt.signal, within);
      this.#attempt = null;
      this.#socket?.close();
      this.#socket = socket;
      this.#socket.send({ type: "resume", resumeToken: this.#resumeToken ?? "" });
    } catch {
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      const pause = Math.min(RESUME_EVERY_AT_MOST, RESUME_EVERY * 2 ** (this.#failures - 1));
      this.#next = setTimeout(() => void this.#replace(), pause);
    }
  }

  #opened(abort: AbortSignal, within?: number): Promise<SignalingSocket> {
    return SignalingSocket.open(this.#url, this.#incoming, this.#openSocket, abort, within);
  }

  /** Nothing is waited for, and nothing tried. */
  #stop(): void {
    clearTimeout(this.#doubt);
    clearTimeout(this.#next);
    this.#doubt = this.#next = undefined;
    const attempt = this.#attempt;
    this.#attempt = null;
    attempt?.abort();
  }

  #giveUp(): void {
    this.#socket?.close();
    this.#socket = null;
    this.#handlers.lost(this.#error);
  }
}
