/**
 * Whether anything comes by the path to the server, sooner than the browser says so: Chromium
 * takes 2.5 to 5 s.
 *
 * The server answers who sends with feedback ten times a second, and who only receives from
 * somebody gets packets all the time. Neither is so for whoever is quiet among the quiet:
 * of such a path nothing is said here.
 */

/** The path is to be looked at this often, ms. */
export const BEAT = 250;
/** Without anything for so long, ms, the path is in doubt. */
const DOUBTFUL = 2 * BEAT;
/** … and is taken for dead: a busy machine or a burst of loss is shorter. */
const DEAD = 3 * BEAT;
/** A path that nobody is owed anything by is in doubt for so long, ms. */
const QUIET = 3_000;
/** A page that was asleep, or whose timers are held back, has not looked for longer than that. */
const LONGEST_BEAT = 2 * BEAT;
/** Beats with something in each, before its absence says anything. */
const REGULAR = 4;
const MOST_REGULAR = 8;
/** Bytes sent without an answer. */
const UNANSWERED = 1_000;
/**
 * From one verdict to the next, ms, at first and at most: each costs the server an offer, but the
 * browser may know of another network only a second or two after it is there.
 */
const AGAIN = 1_000;
const LONGER = 1.5;
const MOST_AGAIN = 16_000;
/** A path that has been well for so long, ms, is like a new one. */
const WELL = 10_000;
/** After a hint the path is doubted, and taken for dead, one beat sooner, for so long, ms. */
const HINT_FOR = 2_000;

/** What `getStats()` says of all pairs since the last time. */
export interface Traffic {
  received: boolean;
  /** Bytes. */
  sent: number;
  /** Whether the browser has a path at all. */
  usable: boolean;
}

/** `dead` is said once, then again after ever longer times, while nothing comes. */
export type PathVerdict = "flows" | "doubtful" | "dead";

export class PathWatch {
  #silence = 0;
  #sent = 0;
  #regular = 0;
  #well = 0;
  #hint = 0;
  #due = DEAD;
  #again = AGAIN;

  /** Nothing has come for so long that something is wrong. */
  get silent(): boolean {
    return this.#regular >= REGULAR && this.#silence >= DOUBTFUL;
  }

  /** The device may be on another network. */
  hint(): void {
    this.#hint = HINT_FOR;
    this.#again = AGAIN;
    this.#due = Math.min(this.#due, Math.max(DEAD, this.#silence + AGAIN));
  }

  /** @param elapsed ms since the last time. */
  next({ received, sent, usable }: Traffic, elapsed: number): PathVerdict {
    const beat = Math.min(elapsed, LONGEST_BEAT);
    this.#hint = Math.max(0, this.#hint - beat);
    if (received) {
      this.#flows(beat);
      return "flows";
    }
    this.#silence += beat;
    this.#sent += sent;
    this.#well = 0;
    const silence = this.#silence + (this.#hint > 0 ? BEAT : 0);
    if (this.#regular < REGULAR || silence < DOUBTFUL) return "flows";
    const owed = this.#sent >= UNANSWERED || !usable;
    // Those who were heard have stopped.
    if (!owed && silence > QUIET) this.#regular = 0;
    if (!owed || silence < this.#due) return "doubtful";
    this.#due = this.#silence + this.#again;
    this.#again = Math.min(MOST_AGAIN, this.#again * LONGER);
    return "dead";
  }

  #flows(beat: number): void {
    // Where pauses are usual, a pause says nothing.
    if (this.silent) this.#regular = 0;
    else if (this.#silence > 0) this.#regular = Math.max(0, this.#regular - 2);
    this.#regular = Math.min(MOST_REGULAR, this.#regular + 1);
    this.#silence = this.#sent = 0;
    this.#due = DEAD;
    this.#well += beat;
    if (this.#well >= WELL) this.#again = AGAIN;
  }
}

interface Entry {
  id?: string;
  type?: string;
  nominated?: boolean;
  state?: string;
  bytesReceived?: number;
  bytesSent?: number;
}

/** Makes `Traffic` of one report after the other. */
export class TrafficSampler {
  #before = new Map<string, Entry>();

  sample(report: RTCStatsReport): Traffic {
    const traffic: Traffic = { received: false, sent: 0, usable: false };
    const now = new Map<string, Entry>();
    for (const entry of report.values() as Iterable<Entry>) {
      if (entry.type !== "candidate-pair" || !entry.id) continue;
      now.set(entry.id, entry);
      const before = this.#before.get(entry.id);
      const grown = (field: "bytesReceived" | "bytesSent") =>
        (entry[field] ?? 0) - (before?.[field] ?? 0);
      traffic.received ||= grown("bytesReceived") > 0;
      traffic.sent += Math.max(0, grown("bytesSent"));
      traffic.usable ||= entry.nominated === true && entry.state === "succeeded";
    }
    this.#before = now;
    return traffic;
  }
}
