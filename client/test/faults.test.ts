import { describe, expect, it } from "vitest";
import { Reception, reported } from "../src/lib/reception.ts";
import { type DeviceFacts, Faults } from "../src/page/faults.ts";

const report = (...entries: object[]) =>
  new Map(entries.map((entry, index) => [String(index), entry])) as unknown as RTCStatsReport;

describe("reported", () => {
  it("tells the reports about a line from those about others", () => {
    const stats = report(
      { type: "outbound-rtp", id: "A", mid: "0", packetsSent: 5 },
      {
        type: "outbound-rtp",
        id: "V",
        mid: "1",
        packetsSent: 9,
        framesSent: 2,
        mediaSourceId: "M",
      },
      { type: "media-source", id: "M", frames: 7 },
      { type: "outbound-rtp", id: "S", mid: "2", packetsSent: 4, mediaSourceId: "MS" },
      { type: "media-source", id: "MS", audioLevel: 0, totalAudioEnergy: 0.5 },
      { type: "remote-inbound-rtp", id: "RA", localId: "A", timestamp: 1_000 },
      { type: "remote-inbound-rtp", id: "RV", localId: "V", timestamp: 2_000 },
      { type: "remote-outbound-rtp", id: "S", timestamp: 1_500 },
    );
    const nothing = { own: null, others: null, left: 0, given: null, sound: null };
    expect(reported(stats, "0")).toEqual({ ...nothing, own: 1_000, others: 2_000, left: 5 });
    expect(reported(stats, "1")).toEqual({
      ...nothing,
      own: 2_000,
      others: 1_500,
      left: 2,
      given: 7,
    });
    expect(reported(stats, "2").sound).toEqual({ level: 0, energy: 0.5 });
    expect(reported(report(), "0")).toEqual(nothing);
  });
});

describe("Reception", () => {
  /** What is known, each 400 ms, when reports with these stamps came. */
  const follow = (reports: readonly (readonly [number | null, number | null])[]) => {
    const reception = new Reception();
    return reports.map(([own, others], n) => reception.next("mic", { own, others }, 400 * n));
  };

  it("believes the server's word", () => {
    const seen = follow([
      [null, null],
      [null, null],
      [1, 1],
      [1, 1],
      [1_001, 1_001],
    ]);
    expect(seen).toEqual([null, null, true, true, true]);
  });

  it("knows within one report that it was left out", () => {
    const seen = follow([
      [0, 0],
      [1_000, 1_000],
      [1_000, 1_000],
      [1_000, 1_000],
      [1_000, 2_000],
    ]);
    expect(seen).toEqual([null, true, true, true, false]);
  });

  it("is not misled by one report that was lost", () => {
    const nothing: [number, number][] = Array.from({ length: 4 }, () => [1_000, 1_000]);
    expect(follow([[0, 0], [1_000, 1_000], ...nothing, [3_000, 3_000]])).not.toContain(false);
  });

  it("does not wait for ever for a first report, nor for the next", () => {
    const silent = follow(Array.from({ length: 9 }, () => [null, 1] as const));
    expect(silent.slice(5)).toEqual([null, false, false, false]);
    const mute = follow(Array.from({ length: 9 }, () => [null, null] as const));
    expect(mute).not.toContain(false);
    const ends = follow([[0, 0], ...Array.from({ length: 9 }, () => [1_000, 1_000] as const)]);
    expect(ends.slice(6)).toEqual([true, false, false, false]);
  });

  it("begins anew with another thing that is sent, and says nothing of nothing", () => {
    const reception = new Reception();
    const old = { own: 1_000, others: 5_000 };
    reception.next("mic", { own: 0, others: 0 }, 0);
    expect(reception.next("mic", old, 400)).toBe(false);
    expect(reception.next("other mic", old, 800)).toBeNull();
    expect(reception.next(null, old, 9_000)).toBeNull();
    expect(reception.next("mic", { own: null, others: 6_000 }, 9_400)).toBeNull();
  });
});

describe("Faults", () => {
  const well: DeviceFacts = { on: true, systemMuted: false, silent: false, arrives: true };
  const next = (microphone: DeviceFacts, at: number, faults = new Faults()) =>
    faults.next({ camera: well, microphone }, at);

  it("are none while all arrives, or nobody can tell, or it is off", () => {
    expect(next(well, 0)).toEqual([]);
    expect(next({ ...well, arrives: null }, 0)).toEqual([]);
    expect(next({ on: false, systemMuted: true, silent: true, arrives: false }, 0)).toEqual([]);
  });

  it("are told at once when nothing arrives", () => {
    expect(next({ ...well, arrives: false }, 0)).toEqual(["microphone-unheard"]);
  });

  it("are told of a microphone that gives nothing, unless it is known why", () => {
    const silent = { ...well, silent: true };
    expect(next(silent, 0)).toEqual(["microphone-silent"]);
    expect(next({ ...silent, arrives: false }, 0)).toEqual(["microphone-unheard"]);
    expect(next({ ...silent, systemMuted: true }, 0)).toEqual([]);
  });

  it("are told of a microphone that the system mutes, if it lasts", () => {
    const faults = new Faults();
    const muted = { ...well, systemMuted: true };
    expect(next(muted, 0, faults)).toEqual([]);
    expect(next(muted, 1_000, faults)).toEqual(["microphone-system-muted"]);
    expect(next(well, 1_400, faults)).toEqual([]);
    expect(next(muted, 1_800, faults)).toEqual([]);
  });
});
