/** Looks several times a second whether anything comes by the path (`path-watch.ts`). */
import { BEAT, PathWatch, TrafficSampler } from "./path-watch.ts";
import type { ReceivingLines } from "./receiving.ts";
import { type SendingLines, SOURCES } from "./sending.ts";

export interface PathPulseHandlers {
  /** Nothing comes though it should; said at each look. */
  silent(): void;
  /** … for so long that another path is needed. */
  dead(): void;
}

export class PathPulse {
  readonly #pc: RTCPeerConnection;
  readonly #sending: SendingLines;
  readonly #receiving: ReceivingLines;
  readonly #handlers: PathPulseHandlers;
  readonly #watch = new PathWatch();
  readonly #sampler = new TrafficSampler();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;
  #looking = false;

  constructor(
    pc: RTCPeerConnection,
    sending: SendingLines,
    receiving: ReceivingLines,
    handlers: PathPulseHandlers,
  ) {
    this.#pc = pc;
    this.#sending = sending;
    this.#receiving = receiving;
    this.#handlers = handlers;
  }

  get silent(): boolean {
    return this.#watch.silent;
  }

  /** From the first connection on. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => void this.#look(), BEAT);
  }

  /** The device may be on another network. */
  hint(): void {
    this.#watch.hint();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const report = await this.#report();
    this.#looking = false;
    if (!report) return;
    const now = performance.now();
    const verdict = this.#watch.next(this.#sampler.sample(report), now - this.#lookedAt);
    this.#lookedAt = now;
    if (verdict !== "flows") this.#handlers.silent();
    if (verdict === "dead") this.#handlers.dead();
  }

  /** Of one line, which has the pairs of all: the whole of a large room is long. */
  async #report(): Promise<RTCStatsReport | null> {
    const lines = SOURCES.map((source) => this.#sending.line(source)?.sender.track);
    const sent = lines.find((track) => track != null);
    try {
      return await this.#pc.getStats(sent ?? this.#receiving.track);
    } catch {
      // InvalidAccessError: the track was on no line for a moment.
      return null;
    }
  }
}
