import { expect, it } from "vitest";
import { received, sent } from "../src/page/video-figures.ts";

const report = new Map<string, object>([
  ["I1", { id: "I1", type: "inbound-rtp", kind: "audio", trackIdentifier: "a", bytesReceived: 5 }],
  [
    "I2",
    {
      id: "I2",
      type: "inbound-rtp",
      kind: "video",
      timestamp: 7,
      trackIdentifier: "v",
      frameWidth: 640,
      frameHeight: 360,
      bytesReceived: 1000,
      packetsReceived: 10,
      packetsLost: 2,
      totalFreezesDuration: 1.5,
    },
  ],
  [
    "O2",
    {
      id: "O2",
      type: "outbound-rtp",
      kind: "video",
      rid: "f",
      frameHeight: 720,
      packetsSent: 9,
      remoteId: "R2",
    },
  ],
  [
    "O1",
    { id: "O1", type: "outbound-rtp", kind: "video", rid: "q", frameHeight: 180, packetsSent: 3 },
  ],
  [
    "O0",
    { id: "O0", type: "outbound-rtp", kind: "video", rid: "h", active: false, packetsSent: 3 },
  ],
  ["R2", { id: "R2", type: "remote-inbound-rtp", packetsLost: 4 }],
]) as unknown as RTCStatsReport;

it("finds what arrives for a track", () => {
  expect(received(report, "v")).toMatchObject({
    at: 7,
    width: 640,
    lost: 2,
    bytes: 1000,
    frozen: 1.5,
  });
  expect(received(report, "none")).toBeNull();
});

it("lists the encodings that are sent, the smallest first, with what the other end lost", () => {
  expect(sent(report)).toMatchObject([
    { rid: "q", lost: 0 },
    { rid: "f", lost: 4 },
  ]);
});
