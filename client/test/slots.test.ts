import { beforeEach, describe, expect, it } from "vitest";
import { FIRST_PAIRS, MOST_PAIRS, pairsFor, SlotTable } from "../src/lib/slots.ts";
import type { SlotState, Source } from "../src/protocol.ts";

describe("pairsFor", () => {
  it("asks for the first pairs even when nobody is there", () =>
    expect(pairsFor(0, 0)).toBe(FIRST_PAIRS));
  it("keeps what is enough", () => expect(pairsFor(4, 4)).toBe(4));
  it("doubles what is not", () => {
    expect(pairsFor(5, 4)).toBe(8);
    expect(pairsFor(20, 4)).toBe(32);
  });
  it("never shrinks", () => expect(pairsFor(1, 16)).toBe(16));
  it("stops somewhere", () => expect(pairsFor(1_000, 4)).toBe(MOST_PAIRS));
});

describe("SlotTable", () => {
  let slots: SlotTable;
  const to = (mid: string, peer: string | null, source: Source | null): SlotState => ({
    mid,
    peer,
    source,
  });

  beforeEach(() => {
    slots = new SlotTable();
    slots.add([
      { mid: "4", kind: "audio", pair: 0 },
      { mid: "5", kind: "video", pair: 0 },
      { mid: "6", kind: "audio", pair: 1 },
    ]);
  });

  it("shows nothing of a peer without slots", () =>
    expect(slots.of("ada")).toEqual({
      audio: null,
      screenAudio: null,
      video: null,
      videoSource: null,
      camera: null,
      cameraShows: false,
    }));

  it("has no picture before the first packet has left the server", () => {
    slots.map([to("4", "ada", "microphone"), to("5", "ada", "camera")]);
    expect(slots.of("ada")).toMatchObject({ audio: "4", video: "5", videoSource: null });
    slots.shows("5", "ada", "camera");
    expect(slots.of("ada").videoSource).toBe("camera");
  });

  it("keeps showing the camera until the screen is there, and back", () => {
    slots.map([to("5", "ada", "camera")]);
    slots.shows("5", "ada", "camera");
    slots.map([to("5", "ada", "screen")]);
    expect(slots.of("ada").videoSource).toBe("camera");
    slots.shows("5", "ada", "screen");
    expect(slots.of("ada").videoSource).toBe("screen");
    slots.map([to("5", "ada", "camera")]);
    expect(slots.of("ada").videoSource).toBe("screen");
  });

  it("goes dark at once", () => {
    slots.map([to("5", "ada", "camera")]);
    slots.shows("5", "ada", "camera");
    slots.map([to("5", null, null)]);
    expect(slots.of("ada")).toMatchObject({ video: null, videoSource: null });
  });

  it("never shows one peer's picture as another's", () => {
    slots.map([to("5", "ada", "camera")]);
    slots.shows("5", "ada", "camera");
    slots.map([to("5", "grace", "camera")]);
    slots.shows("5", "ada", "screen");
    expect(slots.of("ada").video).toBeNull();
    expect(slots.of("grace")).toMatchObject({ video: "5", videoSource: null });
  });

  it("keeps microphone and screen audio apart", () => {
    slots.map([to("4", "ada", "microphone"), to("6", "ada", "screen-audio")]);
    expect(slots.of("ada")).toMatchObject({ audio: "4", screenAudio: "6" });
  });

  it("tells the camera beside a screen from the stage", () => {
    slots.add([{ mid: "1", kind: "video", pair: 2 }]);
    slots.map([to("1", "ada", "camera")]);
    slots.shows("1", "ada", "camera");
    // The stage shows the camera until the screen is there.
    slots.map([to("5", "ada", "camera"), to("1", "ada", "screen")]);
    expect(slots.of("ada")).toMatchObject({ video: "1", videoSource: "camera", camera: "5" });
    expect(slots.of("ada").cameraShows).toBe(false);
    slots.shows("5", "ada", "camera");
    slots.shows("1", "ada", "screen");
    expect(slots.of("ada")).toMatchObject({ video: "1", videoSource: "screen", cameraShows: true });
    slots.map([to("5", null, null), to("1", "ada", "camera")]);
    expect(slots.of("ada")).toMatchObject({ video: "1", videoSource: "screen", camera: null });
    slots.shows("1", "ada", "camera");
    expect(slots.of("ada")).toMatchObject({ video: "1", videoSource: "camera", camera: null });
  });

  it("takes no notice of mids it does not know", () => {
    slots.map([to("99", "ada", "camera")]);
    slots.shows("99", "ada", "camera");
    expect(slots.of("ada").video).toBeNull();
  });
});
