/** What `getStats()` (W3C webrtc-stats) says of what is sent and received. Pure. */

/** One RTP stream, since it began. */
export interface Stream {
  id: string;
  direction: "sent" | "received";
  kind: "audio" | "video";
  /** The m-line it is on. */
  mid: string;
  /** Of the track that arrives; empty for what is sent. */
  track: string;
  /** Which encoding of a track that is sent in several. */
  rid: string;
  /** When this was so, ms. */
  at: number;
  /** As RFC 4855 names it, without its kind: "VP8", "opus". */
  codec: string;
  width: number;
  height: number;
  framesPerSecond: number;
  /** Without what is sent once more. */
  bytes: number;
  packets: number;
  lost: number;
  /** Seconds in which the picture stood still, or sound was made up; null for what is sent. */
  standstill: number | null;
  /** How often the picture stood still; null for sound and for what is sent. */
  freezes: number | null;
  /** Seconds to the other end and back, as RTCP has it; null: not known. */
  roundTrip: number | null;
  /** Why it is less than it could be. */
  limited: "cpu" | "bandwidth" | null;
}

/** The fields of RTCStats dictionaries that are read here. */
interface Entry {
  id?: string;
  type?: string;
  kind?: string;
  mid?: string;
  timestamp?: number;
  trackIdentifier?: string;
  rid?: string;
  active?: boolean;
  remoteId?: string;
  codecId?: string;
  mimeType?: string;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  bytesReceived?: number;
  bytesSent?: number;
  retransmittedBytesReceived?: number;
  retransmittedBytesSent?: number;
  packetsReceived?: number;
  packetsSent?: number;
  packetsLost?: number;
  freezeCount?: number;
  totalFreezesDuration?: number;
  totalSamplesReceived?: number;
  totalSamplesDuration?: number;
  concealedSamples?: number;
  silentConcealedSamples?: number;
  roundTripTime?: number;
  qualityLimitationReason?: string;
}

/** What is sent, the smallest encoding first, then what has arrived. */
export function streams(report: RTCStatsReport): Stream[] {
  const found: Stream[] = [];
  for (const entry of report.values() as Iterable<Entry>) {
    if (entry.kind !== "audio" && entry.kind !== "video") continue;
    if (entry.type === "inbound-rtp" && entry.packetsReceived) found.push(received(report, entry));
    if (entry.type === "outbound-rtp" && isSent(entry)) found.push(sent(report, entry));
  }
  return found.sort((a, b) => b.direction.localeCompare(a.direction) || a.height - b.height);
}

function isSent({ packetsSent, kind, frameHeight, active }: Entry): boolean {
  return Boolean(packetsSent) && active !== false && (kind === "audio" || Boolean(frameHeight));
}

function stream(report: RTCStatsReport, entry: Entry): Omit<Stream, "direction"> {
  const codec = report.get(entry.codecId ?? "") as Entry | undefined;
  return {
    id: entry.id ?? "",
    kind: entry.kind === "audio" ? "audio" : "video",
    mid: entry.mid ?? "",
    track: "",
    rid: entry.rid ?? "",
    at: entry.timestamp ?? 0,
    codec: codec?.mimeType?.split("/")[1] ?? "",
    width: entry.frameWidth ?? 0,
    height: entry.frameHeight ?? 0,
    framesPerSecond: entry.framesPerSecond ?? 0,
    bytes: 0,
    packets: 0,
    lost: Math.max(0, entry.packetsLost ?? 0),
    standstill: null,
    freezes: null,
    roundTrip: null,
    limited: null,
  };
}

function received(report: RTCStatsReport, entry: Entry): Stream {
  const video = entry.kind === "video";
  return {
    ...stream(report, entry),
    direction: "received",
    track: entry.trackIdentifier ?? "",
    bytes: (entry.bytesReceived ?? 0) - (entry.retransmittedBytesReceived ?? 0),
    packets: entry.packetsReceived ?? 0,
    standstill: video ? (entry.totalFreezesDuration ?? 0) : madeUp(entry),
    freezes: video ? (entry.freezeCount ?? 0) : null,
  };
}

/** Seconds of sound that stood for what was lost; what stood for silence is not heard. */
function madeUp(entry: Entry): number {
  const { totalSamplesReceived: samples = 0, totalSamplesDuration: seconds = 0 } = entry;
  const made = (entry.concealedSamples ?? 0) - (entry.silentConcealedSamples ?? 0);
  return samples > 0 ? (seconds * Math.max(0, made)) / samples : 0;
}

function sent(report: RTCStatsReport, entry: Entry): Stream {
  // What the other end says of it; it may not have yet.
  const remote = report.get(entry.remoteId ?? "") as Entry | undefined;
  const reason = entry.qualityLimitationReason;
  return {
    ...stream(report, entry),
    direction: "sent",
    bytes: (entry.bytesSent ?? 0) - (entry.retransmittedBytesSent ?? 0),
    packets: entry.packetsSent ?? 0,
    lost: Math.max(0, remote?.packetsLost ?? 0),
    roundTrip: remote?.roundTripTime ?? null,
    limited: reason === "cpu" || reason === "bandwidth" ? reason : null,
  };
}

/** How a stream has been between two looks at it; null: not known. */
export interface Pace {
  /** Bits/s. */
  rate: number | null;
  /** The part of the packets that was lost, 0 to 1. */
  loss: number | null;
}

export function pace(before: Stream | undefined, now: Stream): Pace {
  const seconds = before ? (now.at - before.at) / 1_000 : 0;
  if (!before || seconds <= 0) return { rate: null, loss: null };
  const grown = (field: "bytes" | "packets" | "lost") => Math.max(0, now[field] - before[field]);
  const lost = grown("lost");
  const all = grown("packets") + (now.direction === "received" ? lost : 0);
  return {
    rate: (grown("bytes") * 8) / seconds,
    loss: all > 0 ? Math.min(1, lost / all) : null,
  };
}
