/** What `getStats()` (W3C webrtc-stats) says of videos. Pure. */

/** Of one RTP stream, since it began. */
export interface VideoFigures {
  /** When, ms. */
  at: number;
  width: number;
  height: number;
  framesPerSecond: number;
  bytes: number;
  packets: number;
  lost: number;
  /** Seconds in which the picture stood still; null for what is sent. */
  frozen: number | null;
}

export interface SentFigures extends VideoFigures {
  id: string;
  rid: string;
}

/** The fields of RTCInboundRtpStreamStats and RTCOutboundRtpStreamStats that are read here. */
interface Entry {
  id?: string;
  type?: string;
  kind?: string;
  timestamp?: number;
  trackIdentifier?: string;
  rid?: string;
  active?: boolean;
  remoteId?: string;
  frameWidth?: number;
  frameHeight?: number;
  framesPerSecond?: number;
  bytesReceived?: number;
  bytesSent?: number;
  packetsReceived?: number;
  packetsSent?: number;
  packetsLost?: number;
  totalFreezesDuration?: number;
}

function figures(entry: Entry, bytes = 0, packets = 0): VideoFigures {
  return {
    at: entry.timestamp ?? 0,
    width: entry.frameWidth ?? 0,
    height: entry.frameHeight ?? 0,
    framesPerSecond: entry.framesPerSecond ?? 0,
    bytes,
    packets,
    lost: entry.packetsLost ?? 0,
    frozen: null,
  };
}

/** What arrives for the track `track`. */
export function received(report: RTCStatsReport, track: string): VideoFigures | null {
  for (const entry of report.values() as Iterable<Entry>) {
    if (entry.type !== "inbound-rtp" || entry.trackIdentifier !== track) continue;
    const found = figures(entry, entry.bytesReceived, entry.packetsReceived);
    return { ...found, frozen: entry.totalFreezesDuration ?? 0 };
  }
  return null;
}

/** Each encoding of video that is being sent, the smallest first. */
export function sent(report: RTCStatsReport): SentFigures[] {
  const found: SentFigures[] = [];
  for (const entry of report.values() as Iterable<Entry>) {
    if (entry.type !== "outbound-rtp" || entry.kind !== "video") continue;
    if (!entry.packetsSent || !entry.frameHeight || entry.active === false) continue;
    // What the other end says of it; it may not have yet.
    const remote = report.get(entry.remoteId ?? "") as Entry | undefined;
    const stream = figures(entry, entry.bytesSent, entry.packetsSent);
    const lost = remote?.packetsLost ?? 0;
    found.push({ ...stream, lost, id: entry.id ?? "", rid: entry.rid ?? "" });
  }
  return found.sort((a, b) => a.height - b.height);
}
