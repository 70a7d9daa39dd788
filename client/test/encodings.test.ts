import { describe, expect, it } from "vitest";
import { cameraEncodings, screenEncodings } from "../src/lib/encodings.ts";

const sent = (width: number, height: number) =>
  cameraEncodings(width, height)
    .filter(({ active }) => active)
    .map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy]);

describe("cameraEncodings", () => {
  it("sends three of 1280×720", () =>
    expect(sent(1280, 720)).toEqual([
      ["q", 4],
      ["h", 2],
      ["f", 1],
    ]));

  it("sends two of 640×360, the upper at full size", () =>
    expect(sent(640, 360)).toEqual([
      ["q", 2],
      ["h", 1],
    ]));

  it("sends one of 320×180, at full size", () => expect(sent(320, 180)).toEqual([["q", 1]]));

  it("looks at a portrait capture the same way", () => expect(sent(720, 1280)).toHaveLength(3));

  it("always names all three rids, so that the SDP never changes", () =>
    expect(cameraEncodings(160, 120).map(({ rid }) => rid)).toEqual(["q", "h", "f"]));

  it("has three frame rates in every encoding", () => {
    const modes = cameraEncodings(1280, 720).map(({ scalabilityMode }) => scalabilityMode);
    expect(modes).toEqual(["L1T3", "L1T3", "L1T3"]);
    expect(screenEncodings().map(({ scalabilityMode }) => scalabilityMode)).toEqual(["L1T3"]);
  });

  it("has one rate of VP9 in simulcast, whose pattern its encoder does not keep", () => {
    const coding = { codec: "vp9", svc: false } as const;
    const modes = cameraEncodings(1280, 720, coding).map(({ scalabilityMode }) => scalabilityMode);
    expect(modes).toEqual(["L1T1", "L1T1", "L1T1"]);
  });

  it("sends all sizes in one encoding where the codec has layers and the room wants them", () => {
    const layers = (width: number, height: number, codec: "vp8" | "vp9" | "av1") =>
      cameraEncodings(width, height, { codec, svc: true })
        .filter(({ active }) => active)
        .map(({ rid, scalabilityMode }) => [rid, scalabilityMode]);
    expect(layers(1280, 720, "vp9")).toEqual([["q", "L3T3_KEY"]]);
    expect(layers(640, 360, "av1")).toEqual([["q", "L2T3_KEY"]]);
    expect(layers(320, 180, "av1")).toEqual([["q", "L1T3"]]);
    expect(layers(1280, 720, "vp8")).toHaveLength(3);
  });

  it("gives each more than the one below", () => {
    const rates = cameraEncodings(1280, 720).map(({ maxBitrate }) => maxBitrate ?? 0);
    expect(rates).toEqual([...rates].sort((a, b) => a - b));
    expect(new Set(rates).size).toBe(3);
  });
});
