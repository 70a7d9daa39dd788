import { describe, expect, it } from "vitest";
import { JitterTarget, pathSample } from "../src/lib/jitter-target.ts";

/** Samples every two seconds of a path that loses `share` of 1,000 packets. */
function play(target: JitterTarget, shares: readonly number[], roundTrip: number | null = 90) {
  let [at, received, lost] = [0, 0, 0];
  return shares.map((share) => {
    at += 2_000;
    received += 1_000 * (1 - share);
    lost += 1_000 * share;
    return target.next({ at, received, lost, roundTrip });
  });
}

describe("JitterTarget", () => {
  it("leaves a clean path alone", () =>
    expect(play(new JitterTarget(), [0, 0, 0.002, 0])).toEqual([null, null, null, null]));

  it("waits for one repair on a lossy one, and forgets it after ten seconds", () =>
    expect(play(new JitterTarget(), [0, 0.05, 0.05, 0, 0, 0, 0, 0, 0])).toEqual([
      null,
      170,
      170,
      170,
      170,
      170,
      170,
      170,
      null,
    ]));

  it("waits for a second repair where one in ten is lost as well", () =>
    expect(play(new JitterTarget(), [0, 0.05, 0.1, 0.06])).toEqual([null, 170, 260, 260]));

  it("has nothing to say while the round trip is not known", () =>
    expect(play(new JitterTarget(), [0, 0.05], null)).toEqual([null, null]));

  it("keeps to what a conversation bears", () =>
    expect(play(new JitterTarget(), [0, 0.1], 2_000)).toEqual([null, 600]));

  it("does not follow every change of the round trip", () => {
    const target = new JitterTarget();
    const at = (seconds: number, lost: number, roundTrip: number) =>
      target.next({ at: seconds * 1_000, received: seconds * 500, lost, roundTrip });
    at(2, 0, 80);
    expect(at(4, 50, 80)).toBe(160);
    expect(at(6, 100, 95)).toBe(160);
    expect(at(8, 150, 200)).toBe(280);
  });

  it("says nothing of a handful of packets", () => {
    const target = new JitterTarget();
    target.next({ at: 0, received: 0, lost: 0, roundTrip: 50 });
    expect(target.next({ at: 2_000, received: 9, lost: 1, roundTrip: 50 })).toBeNull();
  });
});

it("adds up all streams, and takes the round trip of the path in use", () => {
  const report = new Map<string, object>([
    ["a", { type: "inbound-rtp", timestamp: 5, packetsReceived: 10, packetsLost: 1 }],
    ["b", { type: "inbound-rtp", timestamp: 6, packetsReceived: 20, packetsLost: 2 }],
    ["p", { type: "candidate-pair", state: "succeeded", currentRoundTripTime: 9 }],
    [
      "q",
      { type: "candidate-pair", state: "succeeded", nominated: true, currentRoundTripTime: 0.08 },
    ],
  ]) as unknown as RTCStatsReport;
  expect(pathSample(report)).toEqual({ at: 6, received: 30, lost: 3, roundTrip: 80 });
});
