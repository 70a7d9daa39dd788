/** Which numbers of a key have been opened: as in SRTP (RFC 3711 3.3.2), each once. */

/**
 * So far may numbers be behind the newest: all lines of a sender count together, up to some 300
 * a second, and one line may be late by seconds.
 */
export const WINDOW = 4096;

export class ReplayWindow {
  readonly #seen = new Uint32Array(WINDOW / 32);
  #newest: number;

  /** @param newest all that are further behind than the window are too old from the start. */
  constructor(newest = -1) {
    this.#newest = newest;
  }

  isFresh(counter: number): boolean {
    if (counter > this.#newest) return true;
    return counter > this.#newest - WINDOW && !this.#bit(counter);
  }

  /** Only what was authentic. */
  mark(counter: number): void {
    const from = Math.max(this.#newest + 1, counter - WINDOW + 1);
    for (let number = from; number <= counter; number++) this.#set(number, false);
    this.#newest = Math.max(this.#newest, counter);
    this.#set(counter, true);
  }

  #bit(counter: number): boolean {
    const at = counter % WINDOW;
    return (((this.#seen[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 1;
  }

  #set(counter: number, seen: boolean): void {
    const at = counter % WINDOW;
    const mask = 1 << (at & 31);
    const word = this.#seen[at >>> 5] ?? 0;
    this.#seen[at >>> 5] = seen ? word | mask : word & ~mask;
  }
}
