/**
 * Whether what this client sends is received: by the server's word, not by what leaves.
 *
 * Each second the server reports on every stream (RFC 3550 6.4.2) of which packets have come
 * since its last report, and on no other. The browser says when it last heard of a stream:
 * the `timestamp` of `remote-inbound-rtp` (W3C webrtc-stats).
 */

/** What `getStats()` says of the reports about one line. */
export interface Reported {
  /** The latest report about the line, by the clock of the statistics; null: none yet. */
  own: number | null;
  /** The latest report about anything else; null: none yet. */
  others: number | null;
  /** What has left on the line: packets of sound, or pictures. */
  left: number;
  /** What its device has given: pictures, or seconds of sound; null: the browser does not say. */
  given: number | null;
  /** How loud its device is, and the energy of all it has given; null: the browser does not say. */
  sound: { level: number; energy: number } | null;
}

interface Entry {
  id?: string;
  type?: string;
  mid?: string;
  localId?: string;
  timestamp?: number;
  packetsSent?: number;
  framesSent?: number;
  mediaSourceId?: string;
  frames?: number;
  totalSamplesDuration?: number;
  audioLevel?: number;
  totalAudioEnergy?: number;
}

/** With more streams than these the server's reports come in several datagrams. */
const ONE_DATAGRAM = 16;

/** What has been reported of the line `mid`. Pure. */
export function reported(report: RTCStatsReport, mid: string): Reported {
  const entries = [...(report.values() as Iterable<Entry>)];
  const line = entries.filter((entry) => entry.type === "outbound-rtp" && entry.mid === mid);
  const ids = new Set(line.map(({ id }) => id));
  const sources = new Set(line.map(({ mediaSourceId }) => mediaSourceId));
  const source = entries.find(({ type, id }) => type === "media-source" && sources.has(id));
  const received = entries.filter(({ type }) => type === "remote-inbound-rtp");
  const sent = entries.filter(({ type }) => type === "remote-outbound-rtp");
  const isOwn = ({ localId }: Entry) => ids.has(localId);
  const others = received.filter((entry) => !isOwn(entry));
  return {
    own: latest(received.filter(isOwn)),
    others: latest(sent.length > ONE_DATAGRAM ? others : [...others, ...sent]),
    // Packets of a video line also leave to try what the path carries.
    left: line.reduce((sum, each) => sum + (each.framesSent ?? each.packetsSent ?? 0), 0),
    given: source?.frames ?? source?.totalSamplesDuration ?? null,
    sound: source ? loudness(source) : null,
  };
}

function loudness({ audioLevel: level, totalAudioEnergy: energy }: Entry): Reported["sound"] {
  return level === undefined || energy === undefined ? null : { level, energy };
}

function latest(entries: readonly Entry[]): number | null {
  const times = entries.map(({ timestamp = 0 }) => timestamp);
  return times.length > 0 ? Math.max(...times) : null;
}

/** Reports that came together are not further apart than this, ms; the server's are 1 s apart. */
const TOGETHER = 500;
/** Without any report for this long, ms: more than one would have had to be lost. */
const NO_REPORT = 2_300;

/** Follows one line: `next` is to be called twice a second or so. */
export class Reception {
  #sent: string | null = null;
  #own: number | null = null;
  /** When something was last heard of it, or it began. */
  #heardAt = 0;
  #known = false;

  /**
   * @param sent what is being sent, by a name that is another for another thing; null: nothing.
   * @param at now, ms.
   * @returns whether it arrives; null: nobody can tell yet, or nothing is sent.
   */
  next(
    sent: string | null,
    { own, others }: Pick<Reported, "own" | "others">,
    at: number,
  ): boolean | null {
    const began = sent !== this.#sent;
    if (began || own === null) this.#known = false;
    else if (own !== this.#own) this.#known = true;
    if (began || own !== this.#own) this.#heardAt = at;
    this.#sent = sent;
    this.#own = own;
    if (sent === null) return null;
    const late = at - this.#heardAt >= NO_REPORT;
    // A browser that tells of no report at all may be one that never does.
    if (!this.#known) return late && others !== null ? false : null;
    const leftOut = own !== null && others !== null && others - own >= TOGETHER;
    return !late && !leftOut;
  }
}
