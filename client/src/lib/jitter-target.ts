/**
 * How long a receiver shall keep packets back so that what is repaired comes in time.
 *
 * A browser that only receives knows no round trip: no receiver report tells it one. Its
 * jitter buffer then does not wait for retransmissions, and drops frames that were whole in
 * the end. `jitterBufferTarget` (W3C webrtc-extensions) says what it cannot know.
 */

/** What `getStats()` says of the path, from the beginning on. */
export interface PathSample {
  /** ms, by the clock of the statistics. */
  at: number;
  received: number;
  lost: number;
  /** ms; null while it is not known. */
  roundTrip: number | null;
}

/** The share of packets that is lost from which on repairs are waited for. */
const LOSSY = 0.005;
/** From this share on repairs are lost as well, often enough for a second one to be waited for. */
const VERY_LOSSY = 0.08;
/** Packets between two samples that say something about it. */
const ENOUGH = 50;
/** Beside the round trip: to notice a loss, to ask, and to be served at the other end, ms. */
const REPAIR = 80;
/** More than this is not a conversation any more, ms. */
const MOST = 600;
/** Goes back to the browser's own choice after this long without loss, ms. */
const FORGET_AFTER = 10_000;

export class JitterTarget {
  #before: PathSample | null = null;
  #lossyAt: number | null = null;
  #veryLossyAt: number | null = null;
  #target: number | null = null;

  /** What to set now, ms; null: what the browser thinks. */
  next(sample: PathSample): number | null {
    const before = this.#before;
    this.#before = sample;
    if (before) {
      const lost = Math.max(0, sample.lost - before.lost);
      const all = lost + Math.max(0, sample.received - before.received);
      if (all >= ENOUGH && lost / all > LOSSY) this.#lossyAt = sample.at;
      if (all >= ENOUGH && lost / all > VERY_LOSSY) this.#veryLossyAt = sample.at;
    }
    if (this.#lossyAt === null || sample.at - this.#lossyAt > FORGET_AFTER) this.#target = null;
    else if (sample.roundTrip !== null) {
      const again = this.#veryLossyAt !== null && sample.at - this.#veryLossyAt <= FORGET_AFTER;
      const wanted = Math.min(MOST, Math.round(sample.roundTrip * (again ? 2 : 1) + REPAIR));
      // Each change is heard as speech that is slower or faster for a moment.
      if (this.#target === null || Math.abs(wanted - this.#target) > this.#target / 4)
        this.#target = wanted;
    }
    return this.#target;
  }
}

interface Entry {
  type?: string;
  timestamp?: number;
  packetsReceived?: number;
  packetsLost?: number;
  selectedCandidatePairId?: string;
  nominated?: boolean;
  state?: string;
  currentRoundTripTime?: number;
}

/** What a report says of the path, all streams together. */
export function pathSample(report: RTCStatsReport): PathSample {
  const sample: PathSample = { at: 0, received: 0, lost: 0, roundTrip: null };
  for (const entry of report.values() as Iterable<Entry>) {
    if (entry.type === "inbound-rtp") {
      sample.at = Math.max(sample.at, entry.timestamp ?? 0);
      sample.received += entry.packetsReceived ?? 0;
      sample.lost += entry.packetsLost ?? 0;
    }
    const used = entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded";
    if (used && entry.currentRoundTripTime !== undefined)
      sample.roundTrip = entry.currentRoundTripTime * 1_000;
  }
  return sample;
}
