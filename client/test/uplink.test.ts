import { describe, expect, it } from "vitest";
import { UplinkSampler, UplinkWatch } from "../src/lib/uplink.ts";

/** The seconds in which it looks, of a call in which `starved` says when an encoding waits. */
function looks(watch: UplinkWatch, seconds: number, starved: (second: number) => boolean) {
  const found: number[] = [];
  for (let second = 0; second <= seconds; second += 1)
    if (watch.next({ at: second * 1_000, starved: starved(second) })) found.push(second);
  return found;
}

describe("UplinkWatch", () => {
  it("leaves a browser alone that sends everything", () =>
    expect(looks(new UplinkWatch(), 300, () => false)).toEqual([]));

  it("waits for an encoding that begins later", () =>
    expect(looks(new UplinkWatch(), 300, (second) => second < 3)).toEqual([]));

  it("looks ever more seldom where the link is narrow", () =>
    expect(looks(new UplinkWatch(), 200, () => true)).toEqual([3, 7, 15, 31, 63, 127, 191]));

  it("looks soon again at the next time", () =>
    expect(looks(new UplinkWatch(), 60, (second) => second !== 40)).toEqual([
      3, 7, 15, 31, 44, 48, 56,
    ]));
});

type Stream = { mid: string; rid?: string; active?: boolean; framesEncoded: number };

function report(at: number, streams: readonly Stream[]): RTCStatsReport {
  return new Map(
    streams.map((stream, index) => [
      `o${index}`,
      { id: `o${index}`, type: "outbound-rtp", kind: "video", timestamp: at, ...stream },
    ]),
  ) as unknown as RTCStatsReport;
}

describe("UplinkSampler", () => {
  const of = (frames: readonly number[], active = true): Stream[] =>
    frames.map((framesEncoded, index) => ({
      mid: "1",
      rid: "qhf"[index] ?? "",
      active: index === 0 || active,
      framesEncoded,
    }));

  it("sees an encoding that waits beside one that is sent", () => {
    const sampler = new UplinkSampler();
    sampler.sample(report(0, of([0, 0])));
    expect(sampler.sample(report(2_000, of([30, 0])))).toEqual({ at: 2_000, starved: true });
    expect(sampler.sample(report(4_000, of([60, 30]))).starved).toBe(false);
  });

  it("does not mind an encoding that nobody watches", () => {
    const sampler = new UplinkSampler();
    sampler.sample(report(0, of([0, 0])));
    expect(sampler.sample(report(2_000, of([30, 0], false))).starved).toBe(false);
  });

  it("does not mind a camera that is off, or another line that has nothing to send", () => {
    const sampler = new UplinkSampler();
    const both = (frames: number): Stream[] => [
      ...of([5, 5]),
      { mid: "2", active: true, framesEncoded: frames },
    ];
    sampler.sample(report(0, both(0)));
    expect(sampler.sample(report(2_000, both(9))).starved).toBe(false);
  });
});
