/** How well somebody's media gets through, in three grades that do not flicker. Pure. */

const GRADES = ["good", "weak", "bad"] as const;
export type Grade = (typeof GRADES)[number];

/** What was seen of somebody's media between two looks; 0 and false where nothing is known. */
export interface Passage {
  /** The part of the packets that was lost, of the line that lost most. */
  loss: number;
  /** The part of the time in which a picture stood still, or sound was made up. */
  standstill: number;
  /** Seconds to the other end and back. */
  roundTrip: number;
  /** The network carries less video than the tile has room for. */
  reduced: boolean;
  /** It carries no video, or nothing at all. */
  stopped: boolean;
}

export const WELL: Passage = {
  loss: 0,
  standstill: 0,
  roundTrip: 0,
  reduced: false,
  stopped: false,
};

/** From here on it is weak, and bad. */
const LIMITS = {
  loss: [0.04, 0.12],
  standstill: [0.15, 0.5],
  roundTrip: [0.4, 1],
} as const;
/** What has passed a limit is better when it is this much below. */
const EASED = 0.6;
/** Looks in a row until something is said: one alone may be a keyframe or a change of network. */
const WORSE_AFTER = 2;
const BETTER_AFTER = 3;
/** Looks until less video is the network's doing: a call's first seconds go up step by step. */
const REDUCED_AFTER = 5;

export class Grader {
  #grade = 0;
  /** The latest looks that were all better, or all worse, than the grade. */
  #others: number[] = [];
  #reduced = 0;

  /** To be called after each look. */
  next(passage: Passage): Grade {
    this.#reduced = passage.reduced ? this.#reduced + 1 : 0;
    const now = this.#look(passage);
    const before = this.#others.at(-1) ?? now;
    if (now === this.#grade || now > this.#grade !== before > this.#grade) this.#others = [];
    if (now !== this.#grade) this.#others.push(now);
    const worse = now > this.#grade;
    if (this.#others.length >= (worse ? WORSE_AFTER : BETTER_AFTER)) {
      this.#grade = worse ? Math.min(...this.#others) : Math.max(...this.#others);
      this.#others = [];
    }
    return GRADES[this.#grade] ?? "good";
  }

  /** What this look alone says. */
  #look(passage: Passage): number {
    if (passage.stopped) return 2;
    const keys = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
    return Math.max(
      this.#reduced >= REDUCED_AFTER ? 1 : 0,
      ...keys.map((key) => {
        const passed = (limit: number, grade: number) =>
          passage[key] >= (this.#grade >= grade ? limit * EASED : limit);
        const [weak, bad] = LIMITS[key];
        return passed(bad, 2) ? 2 : passed(weak, 1) ? 1 : 0;
      }),
    );
  }
}
