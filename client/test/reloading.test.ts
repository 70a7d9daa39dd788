import { describe, expect, it } from "vitest";
import { calledBefore, noteCall } from "../src/page/reloading.ts";

const RELOAD = "reload";

function noted(...names: (string | null)[]): unknown {
  let kept: unknown = { other: "page" };
  const history = {
    replaceState: (state: unknown) => {
      kept = state;
    },
  } as unknown as History;
  for (const name of names) noteCall(name, history);
  return kept;
}

describe("a page that is loaded anew", () => {
  it("goes back into the call, under the same name", () =>
    expect(calledBefore(noted("Ada"), RELOAD)).toBe("Ada"));

  it("does not after the call was left", () =>
    expect(calledBefore(noted("Ada", null), RELOAD)).toBeNull());

  it("does not when it is only come to by the browser's arrows, or from a link", () => {
    for (const type of ["back_forward", "navigate", ""])
      expect(calledBefore(noted("Ada"), type)).toBeNull();
  });

  it("knows no call in what others have noted", () => {
    for (const state of [null, 7, "Ada", { name: "Ada" }, { "in-call-as": 7 }])
      expect(calledBefore(state, RELOAD)).toBeNull();
  });
});
