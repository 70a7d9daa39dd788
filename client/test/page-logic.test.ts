import { describe, expect, it } from "vitest";
import { refusal } from "../src/page/capture.ts";
import { clock } from "../src/page/countdown.ts";
import { level } from "../src/page/level-meter.ts";
import { mutable } from "../src/page/moderation.ts";
import { parseRemembered } from "../src/page/remembered.ts";
import { roomView, showsMore } from "../src/page/view-watch.ts";

describe("roomView", () => {
  const seen = { peer: "p", width: 300, height: 170, visible: true };

  it("says device pixels, in steps", () => {
    const { tiles } = roomView([seen], 2, false);
    expect(tiles).toEqual([{ peer: "p", width: 608, height: 352, visible: true }]);
    expect(roomView([{ ...seen, width: 303 }], 2, false).tiles).toEqual(tiles);
  });

  it("waits for nothing when more can be seen", () => {
    const shown = roomView([seen], 1, false);
    const away = roomView([{ ...seen, visible: false }], 1, false);
    const large = roomView([{ ...seen, width: 900, height: 500 }], 1, false);
    expect(showsMore(roomView([], 1, false), shown)).toBe(true);
    expect(showsMore(away, shown)).toBe(true);
    expect(showsMore(roomView([seen], 1, true), shown)).toBe(true);
    expect(showsMore(shown, large)).toBe(true);
    expect(showsMore(large, shown)).toBe(false);
    expect(showsMore(shown, away)).toBe(false);
    expect(showsMore(shown, roomView([seen], 1, true))).toBe(false);
    const beside = roomView([seen, { ...seen, source: "camera" }], 1, false);
    expect(showsMore(shown, beside)).toBe(true);
    expect(showsMore(beside, shown)).toBe(false);
  });
});

describe("refusal", () => {
  it("tells what is missing, forbidden, in use, and the rest", () => {
    expect(refusal("NotFoundError")).toBe("gone");
    expect(refusal("OverconstrainedError")).toBe("gone");
    expect(refusal("NotAllowedError")).toBe("denied");
    expect(refusal("NotReadableError")).toBe("busy");
    expect(refusal("TypeError")).toBe("failed");
  });
});

describe("parseRemembered", () => {
  it("brings back what was remembered", () => {
    const remembered = {
      name: "Ada",
      camera: { on: false, device: "c", label: "Webcam" },
      microphone: { on: true, device: "m", label: "" },
      speaker: { device: "s", label: "Headset" },
      language: "fr",
      chime: false,
      shortcuts: false,
      content: "motion",
      presenter: true,
    };
    expect(parseRemembered(JSON.stringify(remembered))).toEqual(remembered);
  });

  it.each([[null], ["{"], ["3"], ["null"], ['{"name":5,"camera":"x","microphone":{"on":"?"}}']])(
    "makes sense of %s",
    (text) =>
      expect(parseRemembered(text)).toEqual({
        name: "",
        camera: { on: true, device: "", label: "" },
        microphone: { on: true, device: "", label: "" },
        speaker: { device: "", label: "" },
        language: "",
        chime: true,
        shortcuts: true,
        content: "text",
        presenter: false,
      }),
  );
});

describe("clock", () => {
  it.each([
    [-1, "0:00"],
    [0, "0:00"],
    [0.2, "0:01"],
    [59.9, "1:00"],
    [750, "12:30"],
    [3723, "1:02:03"],
  ])("writes %d s as %s", (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe("level", () => {
  it("is 0 for silence, 1 for full scale, between for speech", () => {
    expect(level(new Float32Array(8))).toBe(0);
    expect(level(new Float32Array(8).fill(1))).toBe(1);
    const speech = level(new Float32Array(8).fill(0.03));
    expect(speech).toBeGreaterThan(0.3);
    expect(speech).toBeLessThan(0.7);
  });
});

describe("mutable", () => {
  it("is what somebody sends and has not muted", () => {
    const tracks = [
      { source: "microphone" as const, muted: true },
      { source: "screen" as const, muted: false },
    ];
    expect(mutable({ tracks })).toEqual(["screen"]);
  });
});
