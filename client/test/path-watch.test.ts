import { describe, expect, it } from "vitest";
import { BEAT, PathWatch, TrafficSampler } from "../src/lib/path-watch.ts";

const CALL = { received: true, sent: 5_000, usable: true };
/** One goes on sending, and nothing comes. */
const DEAF = { received: false, sent: 5_000, usable: true };
/** Nobody sends. */
const QUIET = { received: false, sent: 40, usable: true };
/** The interface is gone. */
const GONE = { received: false, sent: 0, usable: false };

function flowed(seconds: number, watch = new PathWatch()): PathWatch {
  for (let beat = 0; beat < (seconds * 1_000) / BEAT; beat++) watch.next(CALL, BEAT);
  return watch;
}

const says = (watch: PathWatch, traffic: typeof CALL, beats: number, elapsed = BEAT) =>
  Array.from({ length: beats }, () => watch.next(traffic, elapsed));

describe("a path that nothing comes by", () => {
  it("is doubted after half a second, and dead after three quarters", () => {
    expect(says(flowed(3), DEAF, 3)).toEqual(["flows", "doubtful", "dead"]);
    expect(says(flowed(3), GONE, 3)).toEqual(["flows", "doubtful", "dead"]);
  });

  it("is so one beat sooner when the device has changed networks, maybe", () => {
    const watch = flowed(3);
    watch.hint();
    expect(says(watch, DEAF, 2)).toEqual(["doubtful", "dead"]);
    const late = flowed(3);
    late.hint();
    expect(says(flowed(3, late), DEAF, 2)).toEqual(["flows", "doubtful"]);
  });

  it("is found dead again after ever longer times, not at each look", () => {
    const verdicts = says(flowed(3), DEAF, 90);
    const at = verdicts.flatMap((verdict, beat) => (verdict === "dead" ? [(beat + 1) * BEAT] : []));
    expect(at).toEqual([750, 1_750, 3_250, 5_500, 9_000, 14_250, 22_000]);
  });

  it("is tried again soon when there is another network, maybe", () => {
    const watch = flowed(3);
    says(watch, DEAF, 40);
    watch.hint();
    expect(
      says(watch, DEAF, 12).flatMap((verdict, beat) => (verdict === "dead" ? [beat] : [])),
    ).toEqual([2, 5, 11]);
  });

  it("keeps these times until it has been well for a while", () => {
    const watch = flowed(3);
    says(watch, DEAF, 3);
    expect(says(flowed(3, watch), DEAF, 12).lastIndexOf("dead")).toBe(8);
    expect(says(flowed(12, watch), DEAF, 12).lastIndexOf("dead")).toBe(6);
  });
});

describe("nothing is said of a path", () => {
  it("that has a pause of a third of a second, or of a browser that stood still", () => {
    expect(says(flowed(3), DEAF, 1)).toEqual(["flows"]);
    // However long: what came meanwhile is counted at the next look.
    expect(says(flowed(3), DEAF, 1, 60_000)).not.toContain("dead");
  });

  it("by which nobody is owed anything: it is doubted only, and not for long", () => {
    const verdicts = says(flowed(3), QUIET, 30);
    expect(new Set(verdicts)).toEqual(new Set(["flows", "doubtful"]));
    expect(verdicts.lastIndexOf("doubtful")).toBe(12);
  });

  it("by which little comes, and not always", () => {
    const watch = new PathWatch();
    const verdicts = Array.from({ length: 200 }, (_, beat) =>
      watch.next({ ...QUIET, received: beat % 3 === 0 }, BEAT),
    );
    expect(new Set(verdicts.slice(10))).toEqual(new Set(["flows"]));
  });

  it("by which nothing has come yet", () => {
    expect(new Set(says(new PathWatch(), DEAF, 50))).toEqual(new Set(["flows"]));
  });

  it("anew before it has flowed for a second", () => {
    const watch = flowed(3);
    says(watch, DEAF, 3);
    watch.next(CALL, BEAT);
    expect(new Set(says(watch, DEAF, 20))).toEqual(new Set(["flows"]));
  });
});

describe("traffic", () => {
  const pair = (id: string, bytesReceived: number, bytesSent: number, state = "succeeded") => ({
    ...{ id, type: "candidate-pair", nominated: true },
    ...{ bytesReceived, bytesSent, state },
  });
  const report = (...entries: { id: string }[]) =>
    new Map(entries.map((each) => [each.id, each])) as unknown as RTCStatsReport;

  it("is what has grown on any pair since the last report", () => {
    const sampler = new TrafficSampler();
    sampler.sample(report(pair("a", 100, 100)));
    expect(sampler.sample(report(pair("a", 100, 350)))).toEqual({
      ...{ received: false, sent: 250, usable: true },
    });
    expect(sampler.sample(report(pair("a", 100, 350), pair("b", 10, 20)))).toEqual({
      ...{ received: true, sent: 20, usable: true },
    });
  });

  it("is nothing when a pair goes", () => {
    const sampler = new TrafficSampler();
    sampler.sample(report(pair("a", 100, 100), pair("b", 1, 1, "failed")));
    expect(sampler.sample(report(pair("b", 1, 1, "failed")))).toEqual({
      ...{ received: false, sent: 0, usable: false },
    });
  });
});
