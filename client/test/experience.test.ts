import { describe, expect, it } from "vitest";
import { ExperienceLog } from "../src/lib/experience.ts";

type Stream = Record<string, unknown>;

function report(...streams: Stream[]): RTCStatsReport {
  const entries = streams.map((stream) => [String(stream.id), { type: "inbound-rtp", ...stream }]);
  return new Map(entries as [string, Stream][]) as unknown as RTCStatsReport;
}

function video(at: number, framesDecoded: number, totalFreezesDuration = 0): Stream {
  return { id: "v", kind: "video", timestamp: at, framesDecoded, totalFreezesDuration };
}

function audio(samples: number, concealed: number, silent: number): Stream {
  return {
    id: "a",
    kind: "audio",
    totalSamplesReceived: samples,
    totalSamplesDuration: samples / 48_000,
    concealedSamples: concealed,
    silentConcealedSamples: silent,
  };
}

/** The last of what a log says to reports two seconds apart. */
function last(reports: readonly RTCStatsReport[]) {
  const log = new ExperienceLog();
  return reports.map((each, n) => log.next(each, n * 2_000)).at(-1);
}

describe("ExperienceLog", () => {
  it("tells after ten seconds what was watched, and what stood still of it", () => {
    const reports = [0, 1, 2, 3, 4, 5].map((n) =>
      report(video(n * 2_000, n * 60, n >= 3 ? 0.5 : 0)),
    );
    expect(last(reports.slice(0, 5))).toBeNull();
    expect(last(reports)).toEqual({ watched: 10, frozen: 0.5, heard: 0, concealed: 0 });
  });

  it("does not take a tile that is not sent for a frozen one", () => {
    const reports = [0, 1, 2, 3, 4, 5].map((n) => report(video(n * 2_000, Math.min(n, 1) * 60)));
    expect(last(reports)).toEqual({ watched: 2, frozen: 0, heard: 0, concealed: 0 });
  });

  it("counts made-up sound, but not made-up silence", () => {
    const reports = [0, 1, 2, 3, 4, 5].map((n) => report(audio(n * 96_000, n * 19_200, n * 9_600)));
    expect(last(reports)).toEqual({ watched: 0, frozen: 0, heard: 10, concealed: 1 });
  });

  it("says nothing when there was nothing", () =>
    expect(last([0, 1, 2, 3, 4, 5].map(() => report()))).toBeNull());
});
