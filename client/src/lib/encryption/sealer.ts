/** The sending side: one for all lines of a client, so that no number of a key is used twice. */
import { sealFrame } from "./frame.ts";
import { type FrameKey, frameKey, type SenderId } from "./keys.ts";
import { LAST_COUNTER, sealPiece } from "./piece.ts";

const LAST_GENERATION = 0xffff;

/** A key in use, and the number of its next piece. */
interface Current extends SenderId {
  readonly secret: CryptoKey;
  /** Derived with the first frame. */
  key: Promise<FrameKey> | null;
  counter: number;
}

export class Sealer {
  readonly #random: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  #secret: CryptoKey | null = null;
  #current: Current | null = null;

  /** @param random fills an array, like `crypto.getRandomValues`. */
  constructor(
    random: (bytes: Uint8Array<ArrayBuffer>) => unknown = (bytes) => crypto.getRandomValues(bytes),
  ) {
    this.#random = random;
  }

  /** How often the key has been ratcheted; null: there is none. */
  get generation(): number | null {
    return this.#current?.generation ?? null;
  }

  use(secret: CryptoKey): void {
    this.#secret = secret;
    this.ratchet();
  }

  /** From the next frame on another key; the former one is forgotten. */
  ratchet(): void {
    if (!this.#secret) return;
    const before = this.#current;
    const goesOn = before && before.generation < LAST_GENERATION;
    const sender = goesOn ? before.sender : new Uint8Array(8);
    if (!goesOn) this.#random(sender as Uint8Array<ArrayBuffer>);
    const id = { sender, generation: goesOn ? before.generation + 1 : 0 };
    this.#current = { ...id, secret: this.#secret, key: null, counter: 0 };
  }

  /** Null: nothing may be sent of this frame. */
  seal(codec: string, frame: Uint8Array): Promise<Uint8Array | null> {
    return sealFrame(codec, frame, async (body, clear, layout) => {
      if (!this.#current) return null;
      if (this.#current.counter === LAST_COUNTER) this.ratchet();
      const current = this.#current;
      // Taken before anything is waited for: other lines seal meanwhile.
      const counter = current.counter++;
      current.key ??= frameKey(current.secret, current);
      return sealPiece(await current.key, { ...current, counter, layout }, body, clear);
    });
  }
}
