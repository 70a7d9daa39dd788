import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { canShareScreen, ShareError } from "../src/lib/index.ts";
import { pickScreen } from "../src/lib/screen.ts";
import { track } from "./fakes.ts";
import { client, joined, settle, withFreshClient, world } from "./server-part.ts";

withFreshClient();

const getDisplayMedia = vi.fn();

/** What is picked: tracks, as a stream has them. */
function picked(...tracks: MediaStreamTrack[]): MediaStream {
  const of = (kind: string) => tracks.filter((each) => each.kind === kind);
  const stream = { getVideoTracks: () => of("video"), getAudioTracks: () => of("audio") };
  return stream as unknown as MediaStream;
}

beforeEach(() => {
  getDisplayMedia.mockReset();
  vi.stubGlobal("navigator", { mediaDevices: { getDisplayMedia } });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("the picker", () => {
  it.each([
    ["NotAllowedError", "Permission denied", "share-cancelled"],
    ["NotAllowedError", "Permission denied by user", "share-cancelled"],
    ["NotAllowedError", "Permission denied by system", "share-denied"],
    ["NotReadableError", "Could not start video source", "share-failed"],
    ["AbortError", "Invalid state", "share-failed"],
    ["NotFoundError", "", "share-failed"],
  ])("that gives %s (%s) is told as what it means", async (name, message, code) => {
    await joined();
    const said = world.socket.sent.length;
    getDisplayMedia.mockRejectedValue(new DOMException(message, name));
    const refusal = await client.shareScreen().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ShareError);
    expect(refusal).toMatchObject({ code, message });
    expect(world.socket.sent.slice(said).filter(({ type }) => type === "publish")).toEqual([]);
    expect(client.published("screen")).toBeUndefined();
  });

  it("that gives nothing leaves the screen that is shared already", async () => {
    await joined();
    const screen = track("video");
    await client.publish("screen", screen);
    getDisplayMedia.mockRejectedValue(new DOMException("", "NotAllowedError"));
    await expect(client.shareScreen()).rejects.toMatchObject({ code: "share-cancelled" });
    expect(client.published("screen")?.track).toBe(screen);
    expect(screen.readyState).toBe("live");
  });

  it("is missing in some browsers", async () => {
    vi.stubGlobal("navigator", { mediaDevices: {} });
    expect(canShareScreen()).toBe(false);
    await expect(pickScreen()).rejects.toMatchObject({ code: "share-unsupported" });
  });

  it("offers tabs and their sound, but not this page and what comes out of it", async () => {
    getDisplayMedia.mockResolvedValue(picked(track("video")));
    await pickScreen();
    expect(getDisplayMedia.mock.calls).toEqual([
      [
        {
          video: { frameRate: { ideal: 30 } },
          audio: {
            restrictOwnAudio: true,
            noiseSuppression: false,
            autoGainControl: false,
            channelCount: { ideal: 2 },
          },
          selfBrowserSurface: "exclude",
          surfaceSwitching: "include",
          systemAudio: "include",
        },
      ],
    ]);
    await pickScreen({ audio: false, content: "motion" });
    expect(getDisplayMedia.mock.lastCall?.[0]).toMatchObject({ audio: false });
    expect(getDisplayMedia.mock.lastCall?.[0]).not.toHaveProperty("content");
  });
});

describe("what is on a screen", () => {
  const preference = () => {
    const sender = world.pc.transceivers[2]?.sender as unknown as RTCRtpSender;
    return (sender.getParameters() as { degradationPreference?: string }).degradationPreference;
  };

  it.each([
    [undefined, "detail", undefined],
    ["text", "detail", undefined],
    ["motion", "motion", "maintain-framerate"],
  ] as const)("%s: it is sent with the hint %s", async (content, hint, preferred) => {
    await joined();
    const [screen, sound] = [track("video"), track("audio")];
    getDisplayMedia.mockResolvedValue(picked(screen, sound));
    await client.shareScreen(content && { content });
    await settle();
    expect(screen.contentHint).toBe(hint);
    expect(sound.contentHint).toBe("");
    expect(preference()).toBe(preferred);
  });

  it("is text again after motion", async () => {
    await joined();
    for (const content of ["motion", "text"] as const) {
      getDisplayMedia.mockResolvedValue(picked(track("video")));
      await client.shareScreen({ content });
      await settle();
    }
    expect(preference()).toBeUndefined();
  });
});
