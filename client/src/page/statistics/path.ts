/** The way that media takes between this browser and the server (RFC 8445). Pure. */

export interface Path {
  /** What a TURN server is reached by (RFC 8656); null: there is none between. */
  relay: "udp" | "tcp" | "tls" | null;
  /** What carries the media where no relay is between. */
  protocol: "udp" | "tcp" | null;
  /** Seconds to the server and back. */
  roundTrip: number | null;
  /** Bits/s that the browser takes it to carry from here. */
  outgoing: number | null;
}

interface Entry {
  type?: string;
  state?: string;
  nominated?: boolean;
  selected?: boolean;
  selectedCandidatePairId?: string;
  localCandidateId?: string;
  currentRoundTripTime?: number;
  availableOutgoingBitrate?: number;
  candidateType?: string;
  protocol?: string;
  relayProtocol?: string;
  tcpType?: string;
}

/** Null: there is none. */
export function selectedPath(report: RTCStatsReport): Path | null {
  const pair = selectedPair(report);
  if (!pair) return null;
  const local = report.get(pair.localCandidateId ?? "") as Entry | undefined;
  return {
    relay: local?.candidateType === "relay" ? relay(local) : null,
    protocol: local?.protocol === "udp" || local?.protocol === "tcp" ? local.protocol : null,
    roundTrip: pair.currentRoundTripTime ?? null,
    outgoing: pair.availableOutgoingBitrate ?? null,
  };
}

function relay({ relayProtocol }: Entry): Path["relay"] {
  return relayProtocol === "tcp" || relayProtocol === "tls" ? relayProtocol : "udp";
}

function selectedPair(report: RTCStatsReport): Entry | undefined {
  const entries = [...(report.values() as Iterable<Entry>)];
  const transport = entries.find((entry) => entry.selectedCandidatePairId);
  if (transport) return report.get(transport.selectedCandidatePairId ?? "") as Entry | undefined;
  // Not every browser tells of transports.
  const pairs = entries.filter(
    ({ type, state }) => type === "candidate-pair" && state === "succeeded",
  );
  return pairs.find(({ selected }) => selected) ?? pairs.find(({ nominated }) => nominated);
}
