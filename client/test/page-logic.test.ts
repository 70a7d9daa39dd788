import { describe, expect, it } from "vitest";
import { captureCode } from "../src/page/capture.ts";
import { level } from "../src/page/level-meter.ts";
import { qualityFor } from "../src/page/quality.ts";
import { parseRemembered } from "../src/page/remembered.ts";

describe("qualityFor", () => {
  it.each([
    [0, "off"],
    [120, "low"],
    [240, "low"],
    [241, "medium"],
    [480, "medium"],
    [481, "high"],
  ])("a tile %d px high wants %s", (height, quality) =>
    expect(qualityFor(height, false)).toBe(quality),
  );

  it("wants nothing while the page is hidden", () => expect(qualityFor(700, true)).toBe("off"));
});

describe("captureCode", () => {
  const both = { camera: "", microphone: "" };
  it("names what is missing", () => {
    expect(captureCode("NotFoundError", both)).toBe("no-devices");
    expect(captureCode("NotFoundError", { camera: "" })).toBe("no-camera");
    expect(captureCode("NotFoundError", { microphone: "" })).toBe("no-microphone");
  });
  it("tells a refusal from a device in use and from the rest", () => {
    expect(captureCode("NotAllowedError", both)).toBe("permission-denied");
    expect(captureCode("NotReadableError", both)).toBe("device-busy");
    expect(captureCode("TypeError", both)).toBe("device-failed");
  });
});

describe("parseRemembered", () => {
  it("brings back what was remembered", () => {
    const remembered = {
      name: "Ada",
      camera: { on: false, device: "c" },
      microphone: { on: true, device: "m" },
    };
    expect(parseRemembered(JSON.stringify(remembered))).toEqual(remembered);
  });

  it.each([[null], ["{"], ["3"], ["null"], ['{"name":5,"camera":"x","microphone":{"on":"?"}}']])(
    "makes sense of %s",
    (text) =>
      expect(parseRemembered(text)).toEqual({
        name: "",
        camera: { on: true, device: "" },
        microphone: { on: true, device: "" },
      }),
  );
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
