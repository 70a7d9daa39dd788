import { describe, expect, it } from "vitest";
import { afterSession, type RoomState, transition } from "../src/lib/state.ts";

const end = { left: false, refused: false, rejoin: false, retryAfter: null };

describe("transition", () => {
  it.each<[RoomState, RoomState]>([
    ["idle", "joining"],
    ["joining", "connected"],
    ["connected", "reconnecting"],
    ["reconnecting", "connected"],
    ["closed", "joining"],
  ])("lets %s become %s", (from, to) => expect(transition(from, to)).toBe(to));

  it.each<[RoomState, RoomState]>([
    ["idle", "connected"],
    ["joining", "reconnecting"],
    ["closed", "connected"],
    ["connected", "joining"],
  ])("does not let %s become %s", (from, to) => expect(() => transition(from, to)).toThrow());
});

describe("afterSession", () => {
  it("closes without an error when the user left", () =>
    expect(afterSession("connected", { ...end, left: true })).toEqual({
      action: "close",
      failed: false,
    }));

  it("does not retry the first join: somebody waits to be told", () =>
    expect(afterSession("joining", { ...end, rejoin: true })).toEqual({
      action: "close",
      failed: true,
    }));

  it.each<RoomState>(["joining", "reconnecting"])(
    "retries while %s when the server says when",
    (state) =>
      expect(afterSession(state, { ...end, refused: true, retryAfter: 5 })).toEqual({
        action: "retry",
      }),
  );

  it("retries a lost connection", () =>
    expect(afterSession("connected", end)).toEqual({ action: "retry" }));

  it("retries a refusal that says so, and closes at any other", () => {
    const refused = { ...end, refused: true };
    expect(afterSession("connected", { ...refused, rejoin: true })).toEqual({ action: "retry" });
    expect(afterSession("reconnecting", refused)).toEqual({ action: "close", failed: true });
  });
});
