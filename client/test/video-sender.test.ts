import { describe, expect, it } from "vitest";
import { cameraEncodings, type Encoding } from "../src/lib/encodings.ts";
import { VideoSender } from "../src/lib/video-sender.ts";

const NEGOTIATED = ["video/VP8", "video/VP9", "video/rtx"].map((mimeType) => ({
  mimeType,
  clockRate: 90_000,
  payloadType: 96,
}));

/** A sender that takes what `accepts` lets pass, and keeps of it what a browser knows. */
function sender(accepts: (encoding: Encoding) => boolean, knowsCodec = true) {
  let encodings: Encoding[] = [{ rid: "q" }, { rid: "h" }, { rid: "f" }];
  const taken = {
    getParameters: () => structuredClone({ encodings, codecs: NEGOTIATED }),
    setParameters: async (parameters: { encodings: Encoding[] }) => {
      if (!parameters.encodings.every(accepts)) throw new DOMException("", "OperationError");
      encodings = parameters.encodings;
      if (!knowsCodec) for (const each of encodings) delete each.codec;
    },
  };
  return { taken: taken as unknown as RTCRtpSender, encodings: () => encodings };
}

const plan = (codec: "vp8" | "vp9", svc = false) => cameraEncodings(1280, 720, { codec, svc });

describe("VideoSender", () => {
  it("changes the codec without an offer", async () => {
    const { taken, encodings } = sender(() => true);
    expect(await new VideoSender(taken).encode("vp9", plan("vp9"))).toBe(true);
    expect(encodings().map(({ codec }) => codec?.mimeType)).toEqual(Array(3).fill("video/VP9"));
  });

  it("says that an offer is needed when the browser passes over the codec", async () => {
    const { taken } = sender(() => true, false);
    expect(await new VideoSender(taken).encode("vp9", plan("vp9"))).toBe(false);
    expect(await new VideoSender(taken).encode("vp8", plan("vp8"))).toBe(true);
  });

  it("does without the layers that the browser refuses", async () => {
    const { taken, encodings } = sender(({ scalabilityMode }) => scalabilityMode === undefined);
    expect(await new VideoSender(taken).encode("vp9", plan("vp9"))).toBe(true);
    expect(encodings().every(({ active }) => active)).toBe(true);
  });

  it("keeps what nobody watches stopped when the codec changes", async () => {
    const { taken, encodings } = sender(() => true);
    const video = new VideoSender(taken);
    await video.want(["q"]);
    await video.encode("vp9", plan("vp9"));
    expect(encodings().map(({ active }) => active)).toEqual([true, false, false]);
  });
});

describe("VideoSender.rest", () => {
  it("has nothing active while there is nothing to send, and then what is wanted", async () => {
    const { taken, encodings } = sender(() => true);
    const video = new VideoSender(taken);
    await video.plan(plan("vp8"));
    await video.want(["q", "h"]);
    await video.rest(true);
    expect(encodings().some(({ active }) => active)).toBe(false);
    await video.rest(false);
    expect(encodings().map(({ active }) => active)).toEqual([true, true, false]);
  });

  it("begins so where it is told to", async () => {
    const { taken, encodings } = sender(() => true);
    const video = new VideoSender(taken, true);
    await video.encode("vp8", plan("vp8"));
    expect(encodings().some(({ active }) => active)).toBe(false);
  });
});

describe("VideoSender.probe", () => {
  it("changes what the largest active encoding may send, forth and back", async () => {
    const { taken, encodings } = sender(() => true);
    const video = new VideoSender(taken);
    await video.plan(plan("vp8"));
    await video.want(["q", "h"]);
    const before = encodings().map(({ maxBitrate }) => maxBitrate);
    await video.probe();
    const after = encodings().map(({ maxBitrate }) => maxBitrate);
    expect(after).toEqual([before[0], Number(before[1]) - 1_000, before[2]]);
    await video.probe();
    expect(encodings().map(({ maxBitrate }) => maxBitrate)).toEqual(before);
  });
});
