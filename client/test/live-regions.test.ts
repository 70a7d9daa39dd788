import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Notices } from "../src/page/notices.ts";
import { Words } from "../src/page/words.ts";
import { type FakeElement, fakeDocument } from "./fake-document.ts";

beforeEach(() => {
  vi.useFakeTimers();
  fakeDocument();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("words", () => {
  const region = (words: Words) => words.element as unknown as FakeElement;

  it("are said at once and gone after a while", () => {
    const words = new Words();
    expect(region(words).attributes.get("role")).toBe("status");
    words.say("Ada joined");
    expect(region(words).textContent).toBe("Ada joined");
    vi.advanceTimersByTime(3_999);
    expect(region(words).textContent).toBe("Ada joined");
    vi.advanceTimersByTime(1);
    expect(region(words).textContent).toBe("");
  });

  it("that come together are said together, a moment later", () => {
    const words = new Words();
    for (const name of ["Ada", "Bob", "Cy", "Dot"]) words.say(`${name} joined`);
    expect(region(words).textContent).toBe("Ada joined");
    vi.advanceTimersByTime(1_499);
    expect(region(words).said).toBe(1);
    vi.advanceTimersByTime(1);
    expect(region(words).textContent).toBe("Bob joined, and 2 more");
    vi.advanceTimersByTime(60_000);
    expect(region(words).said).toBe(2);
  });

  it("are said at most each second and a half, however much happens", () => {
    const words = new Words();
    for (let n = 0; n < 300; n++) {
      words.say(`${n} joined`);
      vi.advanceTimersByTime(100);
    }
    // At once, and each second and a half of 30 s.
    expect(region(words).said).toBe(21);
  });

  it("that were waiting are not said after the call", () => {
    const words = new Words();
    words.say("Ada joined");
    words.say("Bob joined");
    words.stop();
    vi.advanceTimersByTime(60_000);
    expect(region(words).said).toBe(1);
  });
});

describe("notices", () => {
  const retry = { label: "call.retry" as const, act: () => undefined };

  function regions(notices: Notices) {
    const all = notices.element as unknown as FakeElement;
    const calm = all.children[0] as FakeElement;
    return { all, calm };
  }

  it("of what gets well by itself wait in a region that is there before them", () => {
    const notices = new Notices();
    const { all, calm } = regions(notices);
    expect(Object.fromEntries(calm.attributes)).toMatchObject({
      role: "status",
      "aria-atomic": "false",
    });
    notices.showCalmly("signaling-lost", [retry]);
    expect(calm.textContent).toContain("Coming back");
    expect(all.children).toEqual([calm]);
    notices.show("room-locked");
    expect((all.children[1] as FakeElement).attributes.get("role")).toBe("alert");
  });

  it("of a reconnect that takes many attempts are read out once", () => {
    const notices = new Notices();
    const { calm } = regions(notices);
    for (let attempt = 0; attempt < 20; attempt++) notices.showCalmly("media-failed", [retry]);
    expect([calm.said, calm.children.length]).toEqual([1, 1]);
    // There is something else to do now.
    notices.showCalmly("media-failed", [retry, { label: "notice.give-up", act: retry.act }]);
    expect([calm.said, calm.children.length]).toEqual([2, 1]);
  });

  it("mention that all is well again once, and go by themselves", () => {
    const notices = new Notices();
    const { calm } = regions(notices);
    notices.showCalmly("signaling-lost", [retry]);
    notices.clear("signaling-lost");
    notices.mention("call.back");
    expect([calm.said, calm.textContent]).toEqual([2, "Connected again"]);
    vi.advanceTimersByTime(3_000);
    // Lost and found again meanwhile: the time begins anew.
    notices.clear("call.back");
    notices.mention("call.back");
    vi.advanceTimersByTime(3_000);
    expect([calm.said, calm.children.length]).toEqual([3, 1]);
    vi.advanceTimersByTime(1_000);
    expect([calm.said, calm.children.length]).toEqual([3, 0]);
  });

  it("are read out again at the next time, and of another failure", () => {
    const notices = new Notices();
    const { calm } = regions(notices);
    notices.showCalmly("peer-failed", [retry], "f-1");
    notices.showCalmly("peer-failed", [retry], "f-2");
    expect([calm.said, calm.children.length]).toEqual([2, 1]);
    notices.clear("peer-failed");
    notices.showCalmly("peer-failed", [retry], "f-2");
    expect([calm.said, calm.children.length]).toEqual([3, 1]);
  });

  it("are three at most, the oldest goes", () => {
    const notices = new Notices();
    const { all, calm } = regions(notices);
    notices.showCalmly("signaling-lost");
    for (const code of ["room-locked", "room-full", "removed"]) notices.show(code);
    expect([calm.children.length, all.children.length]).toEqual([0, 4]);
  });
});
