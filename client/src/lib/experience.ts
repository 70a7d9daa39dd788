/** How the call has been for the user, from what `getStats()` (W3C webrtc-stats) counts. Pure. */
import type { Experience } from "../protocol.ts";

type Figures = Omit<Experience, "type">;

/** Told when so much time has passed, ms. */
const EVERY = 10_000;
const LONGEST = 3_600;

interface Entry {
  id?: string;
  type?: string;
  kind?: string;
  timestamp?: number;
  framesDecoded?: number;
  totalFreezesDuration?: number;
  totalSamplesReceived?: number;
  totalSamplesDuration?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
}

export class ExperienceLog {
  #before = new Map<string, Entry>();
  #begun: number | null = null;
  #sum: Required<Figures> = { watched: 0, frozen: 0, heard: 0, concealed: 0 };

  /** Take a report; returns what to tell the server, when it is time and there was anything. */
  next(report: RTCStatsReport, at: number): Figures | null {
    const now = new Map<string, Entry>();
    for (const entry of report.values() as Iterable<Entry>) {
      if (entry.type !== "inbound-rtp" || !entry.id) continue;
      now.set(entry.id, entry);
      const before = this.#before.get(entry.id);
      if (before) this.#add(before, entry);
    }
    this.#before = now;
    this.#begun ??= at;
    if (at - this.#begun < EVERY) return null;
    const told = this.#sum;
    this.#begun = at;
    this.#sum = { watched: 0, frozen: 0, heard: 0, concealed: 0 };
    return told.watched + told.heard > 0 ? bounded(told) : null;
  }

  #add(before: Entry, entry: Entry): void {
    const grown = (field: keyof Entry) =>
      Math.max(0, Number(entry[field] ?? 0) - Number(before[field] ?? 0));
    if (entry.kind === "video") {
      const frozen = grown("totalFreezesDuration");
      // Nothing is decoded of what is not shown: that is no freeze.
      if (!grown("framesDecoded") && !frozen) return;
      this.#sum.watched += Math.max(grown("timestamp") / 1_000, frozen);
      this.#sum.frozen += frozen;
    } else {
      const samples = grown("totalSamplesReceived");
      const made = Math.max(0, grown("concealedSamples") - grown("silentConcealedSamples"));
      const heard = grown("totalSamplesDuration");
      this.#sum.heard += heard;
      if (samples > 0) this.#sum.concealed += (heard * Math.min(made, samples)) / samples;
    }
  }
}

function bounded(figures: Required<Figures>): Figures {
  const seconds = (value: number) => Math.min(LONGEST, Math.round(value * 1_000) / 1_000);
  const { watched, frozen, heard, concealed } = figures;
  return {
    watched: seconds(watched),
    frozen: seconds(Math.min(frozen, watched)),
    heard: seconds(heard),
    concealed: seconds(Math.min(concealed, heard)),
  };
}
