/** The receiving side: the keys of all senders, and what each line has opened of them. */
import { type Open, openFrame, type Refusal } from "./frame.ts";
import { type FrameKey, frameKey } from "./keys.ts";
import { openPiece, type Trailer } from "./piece.ts";
import { ReplayWindow } from "./replay.ts";

/** A former key, or a former secret, opens what is still on its way for this long, ms. */
export const FORMER_FOR = 10_000;
/** More senders than rooms have peers; the one heard longest ago is forgotten. */
const MOST_SENDERS = 1024;
/** Keys that were derived for what calls itself a sender, and have opened nothing. */
const MOST_UNPROVEN = 64;
/** Keys that one line has windows for: it shows one peer at a time. */
const MOST_WINDOWS = 8;

interface Proven {
  readonly key: FrameKey;
  /** The newest number that any line has opened. */
  newest: number;
  /** By the clock; until when it opens anything. */
  until: number;
}

interface Sender {
  readonly keys: Map<number, Proven>;
  generation: number;
}

/** `map` without what was put into it first, until it has `most`. */
function bound(map: Map<unknown, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

export class Opener {
  readonly #now: () => number;
  readonly #senders = new Map<string, Sender>();
  readonly #unproven = new Map<string, Promise<FrameKey>>();
  /** The present one first. */
  #secrets: { secret: CryptoKey; number: number; until: number }[] = [];
  #number = 0;

  /** @param now a clock, ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The former secret opens what is still on its way. */
  use(secret: CryptoKey): void {
    const until = this.#now() + FORMER_FOR;
    const former = this.#secrets.map((each) => ({ ...each, until: Math.min(each.until, until) }));
    this.#secrets = [{ secret, number: this.#number++, until: Infinity }, ...former];
  }

  /** One receiving line. */
  line(): Line {
    return new Line((windows) => this.#open(windows));
  }

  #open(windows: Map<string, ReplayWindow>): Open {
    return async (trailer, piece, clear) => {
      this.#forget();
      if (this.#secrets.length === 0) return "no-key";
      const name = trailer.sender.join();
      const sender = this.#senders.get(name);
      const proven = sender?.keys.get(trailer.generation);
      if (!proven) {
        if (sender && trailer.generation < sender.generation) return "replayed";
        return this.#prove(name, windows, trailer, piece, clear);
      }
      const window = windowOf(windows, `${name}/${trailer.generation}`, proven.newest);
      if (!window.isFresh(trailer.counter)) return "replayed";
      const opened = await openPiece(proven.key, trailer, piece, clear);
      if (!opened) return "key";
      window.mark(trailer.counter);
      proven.newest = Math.max(proven.newest, trailer.counter);
      return opened;
    };
  }

  /** The first of a key that is not known yet. */
  async #prove(
    name: string,
    windows: Map<string, ReplayWindow>,
    trailer: Trailer,
    piece: Uint8Array,
    clear: Uint8Array,
  ): Promise<Uint8Array<ArrayBuffer> | Refusal> {
    for (const { secret, number } of this.#secrets) {
      const key = await this.#derive(secret, `${number}/${name}/${trailer.generation}`, trailer);
      const opened = await openPiece(key, trailer, piece, clear);
      if (!opened) continue;
      this.#believe(name, trailer, key);
      windowOf(windows, `${name}/${trailer.generation}`, -1).mark(trailer.counter);
      return opened;
    }
    return "key";
  }

  #derive(secret: CryptoKey, place: string, trailer: Trailer): Promise<FrameKey> {
    const known = this.#unproven.get(place) ?? frameKey(secret, trailer);
    this.#unproven.set(place, known);
    bound(this.#unproven, MOST_UNPROVEN);
    return known;
  }

  /** It has opened something: the sender's former keys are over soon. */
  #believe(name: string, { generation, counter }: Trailer, key: FrameKey): void {
    const sender = this.#senders.get(name) ?? { keys: new Map<number, Proven>(), generation };
    const known = sender.keys.get(generation);
    const newest = Math.max(known?.newest ?? -1, counter);
    sender.keys.set(generation, {
      key: known?.key ?? key,
      newest,
      until: known?.until ?? Infinity,
    });
    sender.generation = Math.max(sender.generation, generation);
    for (const [each, former] of sender.keys)
      if (each < sender.generation) former.until = Math.min(former.until, this.#now() + FORMER_FOR);
    this.#senders.delete(name);
    this.#senders.set(name, sender);
    bound(this.#senders, MOST_SENDERS);
  }

  #forget(): void {
    const now = this.#now();
    if (this.#secrets.some(({ until }) => until < now))
      this.#secrets = this.#secrets.filter(({ until }) => until >= now);
    for (const { keys } of this.#senders.values())
      if (keys.size > 1)
        for (const [generation, { until }] of keys) if (until < now) keys.delete(generation);
  }
}

function windowOf(windows: Map<string, ReplayWindow>, name: string, newest: number): ReplayWindow {
  let window = windows.get(name);
  if (!window) {
    window = new ReplayWindow(newest);
    windows.set(name, window);
    bound(windows, MOST_WINDOWS);
  }
  return window;
}

/** What one line opens: each frame once. */
export class Line {
  readonly #windows = new Map<string, ReplayWindow>();
  readonly #open: Open;

  constructor(open: (windows: Map<string, ReplayWindow>) => Open) {
    this.#open = open(this.#windows);
  }

  open(codec: string, frame: Uint8Array): Promise<Uint8Array | Refusal> {
    return openFrame(codec, frame, this.#open);
  }
}
