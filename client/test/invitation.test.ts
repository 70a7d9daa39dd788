import { describe, expect, it } from "vitest";
import { type Tab, takeToken } from "../src/page/invitation.ts";

/** A tab of a browser, as far as it matters here. */
class FakeTab implements Tab {
  hash = "#token=t";
  readonly kept = new Map<string, string>();
  readonly storage = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void this.kept.set(key, value),
  };
  hideFragment() {
    this.hash = "";
  }
}

describe("takeToken", () => {
  it("takes it out of sight and has it again after a reload", () => {
    const tab = new FakeTab();
    expect(takeToken({ token: "t" }, tab)).toBe("t");
    expect(tab.hash).toBe("");
    expect(takeToken({ token: null }, tab)).toBe("t");
  });

  it("prefers that of a new link", () => {
    const tab = new FakeTab();
    takeToken({ token: "old" }, tab);
    expect(takeToken({ token: "new" }, tab)).toBe("new");
    expect(takeToken({ token: null }, tab)).toBe("new");
  });

  it("leaves an address without one alone", () => {
    const tab = new FakeTab();
    tab.hash = "#elsewhere";
    expect(takeToken({ token: null }, tab)).toBeNull();
    expect(tab.hash).toBe("#elsewhere");
  });

  it("does without storage", () => {
    const forbidden = () => {
      throw new DOMException("no", "SecurityError");
    };
    const tab = { storage: { getItem: forbidden, setItem: forbidden }, hideFragment() {} };
    expect(takeToken({ token: "t" }, tab)).toBe("t");
    expect(takeToken({ token: null }, tab)).toBeNull();
  });
});
