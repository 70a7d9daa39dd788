/** When to try again, and when to stop trying. Pure: `now` and `random` are arguments. */
export interface BackoffSettings {
  /** Upper bound of the first delay, ms. */
  first: number;
  /** Upper bound of any delay, ms. */
  most: number;
  /** A session that lived this long, ms, starts the series anew. */
  stableAfter: number;
  /** Stop after this long, ms, without a stable session. */
  giveUpAfter: number;
}

export const BACKOFF: BackoffSettings = {
  first: 300,
  most: 4_000,
  stableAfter: 10_000,
  giveUpAfter: 120_000,
};

export class Backoff {
  #attempts = 0;
  #since: number | null = null;

  constructor(readonly settings: BackoffSettings = BACKOFF) {}

  /**
   * The delay in ms before the next attempt, or null when it is time to give up.
   *
   * Between half and all of an exponentially growing bound: a room that ended for
   * everybody is not rejoined by everybody at the same moment.
   *
   * @param now ms, of any monotonic clock.
   * @param random in [0, 1).
   * @param atLeast seconds the server asks to wait; up to half of it again is added.
   */
  next(now: number, random: number, atLeast = 0): number | null {
    this.#since ??= now;
    if (now - this.#since >= this.settings.giveUpAfter) return null;
    const bound = Math.min(this.settings.most, this.settings.first * 2 ** this.#attempts);
    this.#attempts += 1;
    return Math.max(bound * (0.5 + random / 2), atLeast * 1_000 * (1 + random / 2));
  }

  /** A session that had joined ended after `lived` ms. */
  ended(lived: number): void {
    if (lived >= this.settings.stableAfter) this.reset();
  }

  reset(): void {
    this.#attempts = 0;
    this.#since = null;
  }
}
