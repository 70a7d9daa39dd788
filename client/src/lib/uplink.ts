/**
 * When a browser should look again for what its network carries.
 *
 * libwebrtc measures that by bursts when a connection begins. After that its estimate grows no further
 * than half above what it sends; so one that began too low, because the link was narrow or the
 * machine busy just then, may never allow the next encoding, and everybody sees the smallest one for
 * the whole call. It sends such bursts again when what it may send at most changes.
 */

/** What `getStats()` (W3C webrtc-stats) says of what is sent. */
export interface UplinkSample {
  /** ms, by the clock of the statistics. */
  at: number;
  /** Whether an encoding that is to be sent is not, beside another of the same line that is. */
  starved: boolean;
}

/** An encoding may begin later than the others by this, ms. */
const PATIENCE = 3_000;
/** From the first burst to the second, ms; then twice as long each time, as the link may be narrow. */
const FIRST = 4_000;
const LONGEST = 64_000;

export class UplinkWatch {
  #starvedSince: number | null = null;
  #next = 0;
  #pause = FIRST;

  /** Whether it should look now. */
  next({ at, starved }: UplinkSample): boolean {
    if (!starved) {
      this.#starvedSince = null;
      this.#next = 0;
      this.#pause = FIRST;
      return false;
    }
    this.#starvedSince ??= at;
    if (at - this.#starvedSince < PATIENCE || at < this.#next) return false;
    this.#next = at + this.#pause;
    this.#pause = Math.min(LONGEST, this.#pause * 2);
    return true;
  }
}

interface Entry {
  id?: string;
  type?: string;
  kind?: string;
  mid?: string;
  rid?: string;
  active?: boolean;
  timestamp?: number;
  framesEncoded?: number;
}

/** Makes samples of reports: what grows between two of them is sent. */
export class UplinkSampler {
  #before = new Map<string, number>();

  sample(report: RTCStatsReport): UplinkSample {
    const now = new Map<string, number>();
    const [sent, waits] = [new Set<string>(), new Set<string>()];
    let at = 0;
    for (const entry of report.values() as Iterable<Entry>) {
      const { id, mid, framesEncoded = 0 } = entry;
      if (entry.type !== "outbound-rtp" || entry.kind !== "video" || !id || !mid) continue;
      at = Math.max(at, entry.timestamp ?? 0);
      now.set(id, framesEncoded);
      if (framesEncoded > (this.#before.get(id) ?? 0)) sent.add(mid);
      else if (entry.active && entry.rid) waits.add(mid);
    }
    this.#before = now;
    return { at, starved: [...waits].some((mid) => sent.has(mid)) };
  }
}
