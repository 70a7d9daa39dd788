import { beforeEach, describe, expect, it } from "vitest";
import { Silence } from "../src/page/silence.ts";

/** Between two looks, ms. */
const EVERY = 400;
const [ZERO, ROOM, VOICE] = [0, 0.002, 0.3];

describe("Silence", () => {
  let silence: Silence;
  let now: number;
  let energy: number;

  beforeEach(() => {
    silence = new Silence();
    [now, energy] = [0, 0];
  });

  /** Hear `level` for a while; returns after how long, ms, the device itself was asked about. */
  function hear(level: number, seconds: number, device: string | null = "mic"): number | null {
    let asked: number | null = null;
    for (const end = now + 1_000 * seconds, begun = now; now < end; ) {
      now += EVERY;
      energy += level ** 2;
      if (silence.next(device, { level, energy }, now)) asked ??= now - begun;
    }
    return asked;
  }

  it("is told within a second where a quiet room has been heard", () => {
    hear(ROOM, 3);
    hear(ZERO, 0.4);
    expect(silence.silent).toBe(false);
    expect(hear(ZERO, 0.6)).toBeNull();
    expect(silence.silent).toBe(true);
    hear(VOICE, 0.4);
    expect(silence.silent).toBe(false);
  });

  it("is no quiet room", () => {
    hear(VOICE, 5);
    expect(hear(ROOM, 600)).toBeNull();
    expect(silence.silent).toBe(false);
  });

  it("depends on the device itself where nothing else was heard yet", () => {
    expect(hear(ZERO, 60)).toBe(2 * EVERY);
    expect(silence.silent).toBe(false);
    silence.learn(true);
    expect(silence.silent).toBe(true);
    expect(hear(ZERO, 60)).toBeNull();
    expect(silence.silent).toBe(true);
  });

  it.each([[false], [null]])("is not told when the device gives zeros: %s", (zeros) => {
    hear(VOICE, 5);
    expect(hear(ZERO, 1)).toBe(EVERY);
    silence.learn(zeros);
    hear(ZERO, 60);
    expect(silence.silent).toBe(false);
  });

  it("is not told of a gate, which closes between two words", () => {
    hear(VOICE, 5);
    hear(ZERO, 0.4);
    hear(VOICE, 5);
    expect(hear(ZERO, 60)).toBeNull();
    expect(silence.silent).toBe(false);
    // Which somebody has switched off.
    hear(ROOM, 3);
    hear(ZERO, 1);
    expect(silence.silent).toBe(true);
  });

  it("is told twice at most of what may be a gate, and again once a quiet room is heard", () => {
    const toldOf = () => {
      hear(VOICE, 30);
      hear(ZERO, 1);
      silence.learn(true);
      return silence.silent;
    };
    expect([toldOf(), toldOf()]).toEqual([true, true]);
    hear(VOICE, 30);
    expect(hear(ZERO, 60)).toBeNull();
    hear(ROOM, 3);
    hear(ZERO, 1);
    expect(silence.silent).toBe(true);
  });

  it("is nobody's who is muted, and what is zero until the first sound after it is no gate", () => {
    hear(ROOM, 3);
    hear(ZERO, 60, null);
    expect(silence.silent).toBe(false);
    hear(ZERO, 0.4);
    hear(VOICE, 1);
    expect(hear(ZERO, 1.2)).toBeNull();
    expect(silence.silent).toBe(true);
  });

  it("begins anew with another device, and an answer that comes late is void", () => {
    hear(ROOM, 3);
    expect(hear(ZERO, 1, "other")).toBe(2 * EVERY);
    hear(VOICE, 0.4, "other");
    silence.learn(true);
    expect(silence.silent).toBe(false);
  });

  it("is not to be told where the browser says nothing", () => {
    for (let n = 0; n < 100; n++) expect(silence.next("mic", null, EVERY * n)).toBe(false);
    expect(silence.silent).toBe(false);
  });
});
