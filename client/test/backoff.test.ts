import { describe, expect, it } from "vitest";
import { BACKOFF, Backoff } from "../src/lib/backoff.ts";

describe("Backoff", () => {
  it("grows up to its bound", () => {
    const backoff = new Backoff({ ...BACKOFF, first: 100, most: 1_000 });
    const delays = Array.from({ length: 6 }, () => backoff.next(0, 1));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("spreads those who come back at the same moment over half of the delay", () => {
    const delay = (random: number) => new Backoff({ ...BACKOFF, first: 100 }).next(0, random);
    expect(delay(0)).toBe(50);
    expect(delay(0.5)).toBe(75);
  });

  it("waits as long as the server asks, spread over half of it again", () => {
    const delay = (random: number) => new Backoff({ ...BACKOFF, first: 100 }).next(0, random, 10);
    expect(delay(0)).toBe(10_000);
    expect(delay(0.5)).toBe(12_500);
  });

  it("gives up after its time, however many attempts that were", () => {
    const backoff = new Backoff({ ...BACKOFF, giveUpAfter: 1_000 });
    expect(backoff.next(5_000, 0)).not.toBeNull();
    expect(backoff.next(5_999, 0)).not.toBeNull();
    expect(backoff.next(6_000, 0)).toBeNull();
  });

  it("starts anew after a session that was stable, and only then", () => {
    const backoff = new Backoff({ ...BACKOFF, first: 100, stableAfter: 10_000 });
    backoff.next(0, 1);
    backoff.ended(9_999);
    expect(backoff.next(0, 1)).toBe(200);
    backoff.ended(10_000);
    expect(backoff.next(0, 1)).toBe(100);
  });
});
