/** What the frames of a line say about who sends them. Pure. */
import type { Refusal } from "./frame.ts";

/** Nothing has been opened yet; all is well; no key here opens it; it is not encrypted. */
export type LineState = "waiting" | "open" | "key" | "plain";

/** A frame may be damaged; so many in a row are another key. */
const ENOUGH = 3;

export class Verdict {
  #state: LineState = "waiting";
  #refused = 0;

  get state(): LineState {
    return this.#state;
  }

  /** The line shows somebody else now, or keys have changed. */
  reset(): void {
    this.#state = "waiting";
    this.#refused = 0;
  }

  /** Takes the fate of a frame; returns whether the state is another now. */
  next(refusal: Refusal | null): boolean {
    const before = this.#state;
    if (refusal === null) {
      this.#refused = 0;
      this.#state = "open";
    } else if (refusal === "key" || refusal === "plain") {
      this.#refused += 1;
      if (this.#refused >= ENOUGH) this.#state = refusal;
    }
    return this.#state !== before;
  }
}
