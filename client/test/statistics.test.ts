import { describe, expect, it } from "vitest";
import type { RemotePeer, RoomClient } from "../src/lib/index.ts";
import { layerName, look } from "../src/page/statistics/look.ts";
import { selectedPath } from "../src/page/statistics/path.ts";
import { History, KEPT, pathThrough } from "../src/page/statistics/plot.ts";
import { reportText } from "../src/page/statistics/report.ts";
import { pace, type Stream, streams } from "../src/page/statistics/streams.ts";

const inbound = { type: "inbound-rtp", timestamp: 7, packetsReceived: 10 };
const outbound = { type: "outbound-rtp", timestamp: 7, packetsSent: 9, mid: "1" };

function made(...entries: { id: string; [field: string]: unknown }[]): RTCStatsReport {
  return new Map(entries.map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;
}

const video = {
  ...inbound,
  id: "I2",
  kind: "video",
  trackIdentifier: "v",
  codecId: "C",
  frameWidth: 640,
  frameHeight: 360,
  framesPerSecond: 30,
  bytesReceived: 1200,
  retransmittedBytesReceived: 200,
  packetsLost: 2,
  freezeCount: 1,
  totalFreezesDuration: 1.5,
};
const sound = {
  ...inbound,
  id: "I1",
  kind: "audio",
  trackIdentifier: "a",
  bytesReceived: 5,
  totalSamplesReceived: 100,
  totalSamplesDuration: 10,
  concealedSamples: 30,
  silentConcealedSamples: 10,
};
const report = made(
  sound,
  video,
  { ...inbound, id: "I3", kind: "video", packetsReceived: 0 },
  {
    ...outbound,
    id: "O2",
    kind: "video",
    rid: "f",
    frameHeight: 720,
    remoteId: "R2",
    qualityLimitationReason: "cpu",
  },
  { ...outbound, id: "O1", kind: "video", rid: "q", frameHeight: 180 },
  { ...outbound, id: "O0", kind: "video", rid: "h", frameHeight: 360, active: false },
  { id: "R2", type: "remote-inbound-rtp", packetsLost: 4, roundTripTime: 0.05 },
  { id: "C", type: "codec", mimeType: "video/VP8" },
);

describe("streams", () => {
  it("has what is sent, the smallest first, with what the other end says of it", () => {
    expect(streams(report).slice(0, 2)).toMatchObject([
      { rid: "q", direction: "sent", lost: 0, roundTrip: null, standstill: null, limited: null },
      { rid: "f", direction: "sent", lost: 4, roundTrip: 0.05, limited: "cpu" },
    ]);
  });

  it("has what arrives; a line on which nothing came is none", () => {
    expect(streams(report).slice(2)).toMatchObject([
      { track: "a", kind: "audio", standstill: 2, freezes: null },
      {
        track: "v",
        at: 7,
        codec: "VP8",
        width: 640,
        lost: 2,
        bytes: 1000,
        standstill: 1.5,
        freezes: 1,
      },
    ]);
  });
});

describe("the pace of a stream", () => {
  const before = { at: 1_000, bytes: 0, packets: 10, lost: 0, direction: "received" } as Stream;
  const now = { ...before, at: 3_000, bytes: 1_000, packets: 19, lost: 1 };

  it("is what has come since the last look", () =>
    expect(pace(before, now)).toEqual({ rate: 4_000, loss: 0.1 }));

  it("counts what was sent and lost once", () =>
    expect(pace(before, { ...now, direction: "sent" }).loss).toBeCloseTo(1 / 9));

  it("is not known at the first look, nor in no time", () => {
    expect(pace(undefined, now)).toEqual({ rate: null, loss: null });
    expect(pace(now, now)).toEqual({ rate: null, loss: null });
  });

  it("is nothing for a counter that began anew", () =>
    expect(pace(now, { ...before, at: 4_000 })).toEqual({ rate: 0, loss: null }));
});

describe("the path", () => {
  const pair = { type: "candidate-pair", state: "succeeded", localCandidateId: "L" };
  const host = { id: "L", candidateType: "host", protocol: "udp" };
  const known = { currentRoundTripTime: 0.02, availableOutgoingBitrate: 1e6 };

  it("is the pair that the transport has selected", () => {
    const found = made(
      { ...pair, id: "P1", nominated: true },
      { ...pair, ...known, id: "P2" },
      { id: "T", type: "transport", selectedCandidatePairId: "P2" },
      host,
    );
    expect(selectedPath(found)).toEqual({
      relay: null,
      protocol: "udp",
      roundTrip: 0.02,
      outgoing: 1e6,
    });
  });

  it("is the nominated one where no transport is told of, and says what relays it", () => {
    const relay = { id: "L", candidateType: "relay", protocol: "udp", relayProtocol: "tls" };
    expect(selectedPath(made({ ...pair, id: "P", nominated: true }, relay))).toMatchObject({
      relay: "tls",
      roundTrip: null,
    });
    expect(selectedPath(made({ ...pair, id: "P", state: "failed" }, relay))).toBeNull();
  });
});

describe("a plot", () => {
  it("ends at its right end and has gaps where nothing was known", () => {
    expect(pathThrough([0, 10, null, 20], 20)).toBe(`M${KEPT - 4} 19L${KEPT - 3} 10M${KEPT - 1} 1`);
    expect(pathThrough([0, 0], 0)).toBe(`M${KEPT - 2} 19L${KEPT - 1} 19`);
  });

  it("keeps a minute", () => {
    const history = new History();
    expect(history.range).toBeNull();
    for (let second = 0; second <= KEPT; second++) history.add(second);
    history.add(null);
    expect(history.values).toHaveLength(KEPT);
    expect(history.range).toEqual([2, KEPT]);
  });
});

it("looks at a call: whose streams there are", async () => {
  const track = { id: "own" };
  const stream = (kind: string, id: string) =>
    ({ [`get${kind}Tracks`]: () => [{ id }] }) as unknown as MediaStream;
  const peer = {
    id: "p",
    name: "ann",
    video: stream("Video", "v"),
    videoSource: "screen",
    audio: stream("Audio", "a"),
    screenAudio: null,
    layer: { rid: "h", spatial: null, temporal: 1, wanted: "f", paused: null },
    cameraLayer: { rid: "q", spatial: null, temporal: null, wanted: "q", paused: null },
  } as unknown as RemotePeer;
  const client = {
    pc: {
      getStats: async () => report,
      getTransceivers: () => [{ mid: "1", sender: { track } }],
    },
    peers: [peer],
    published: (source: string) => (source === "camera" ? { track } : undefined),
    estimate: 5,
  } as unknown as RoomClient;
  const seen = await look(client);
  expect(seen?.lines.map(({ key, layer }) => [key, layer])).toEqual([
    ["self camera q", "q"],
    ["self camera f", "f"],
    ["p microphone", ""],
    ["p screen", "h T1 → f"],
  ]);
  expect(seen).toMatchObject({ path: null, estimate: 5 });
  const beside = { ...peer, video: stream("Video", "s"), camera: stream("Video", "v") };
  const both = await look({ ...client, peers: [beside] } as unknown as RoomClient);
  expect(both?.lines.at(-1)).toMatchObject({ key: "p camera", layer: "q" });
});

it("names what is sent, or why nothing is", () => {
  const layer = { rid: null, spatial: null, temporal: null, wanted: null, paused: "hidden" };
  expect(layerName({ layer } as unknown as RemotePeer)).toBe("hidden");
  expect(layerName({ layer: null })).toBe("");
});

it("reports what a helper needs", () => {
  const text = reportText({
    version: "1.2.3",
    at: new Date(0),
    browser: "Browser/1",
    languages: ["fr", "en"],
    window: { width: 800, height: 600, ratio: 2 },
    peer: "p-1",
    state: "connected",
    peers: 2,
    encrypted: true,
    path: ["Path: direct"],
    tracks: ["Who\tRate"],
  });
  expect(text).toContain("trio-sfu 1.2.3, 1970-01-01T00:00:00.000Z");
  expect(text).toContain("peer: p-1, connected, others: 2, encrypted end to end");
  expect(text).toContain("\nWho\tRate\n");
});
