import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalMedia } from "../src/page/local-media.ts";
import { parseRemembered } from "../src/page/remembered.ts";

/** A device's track, which writes down whether it could be heard. */
class DeviceTrack extends EventTarget {
  enabled = true;
  muted = false;
  readyState = "live";
  constructor(
    readonly id: string,
    readonly label: string,
  ) {
    super();
  }
  getSettings = () => ({ deviceId: this.id });
  stop() {
    this.readyState = "ended";
  }
  end() {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("LocalMedia", () => {
  let plugged: { kind: string; id: string }[];
  let tracks: DeviceTrack[];
  let asked: MediaStreamConstraints[];
  let busy: Set<string>;
  let mediaDevices: EventTarget;

  beforeEach(() => {
    vi.useFakeTimers();
    plugged = ["laptop", "headset"].map((id) => ({ kind: "audioinput", id }));
    tracks = [];
    asked = [];
    busy = new Set();
    const open = ({ deviceId }: MediaTrackConstraints, kind: string) => {
      const wanted = (deviceId as { exact?: string } | undefined)?.exact;
      const found = plugged.find((each) => each.kind === kind && (!wanted || each.id === wanted));
      if (!found) throw new DOMException("", wanted ? "OverconstrainedError" : "NotFoundError");
      if (busy.has(found.id)) throw new DOMException("", "NotReadableError");
      const track = new DeviceTrack(found.id, `The ${found.id}`);
      tracks.push(track);
      return track;
    };
    mediaDevices = Object.assign(new EventTarget(), {
      enumerateDevices: async () =>
        plugged.map(({ kind, id }) => ({
          kind,
          deviceId: id,
          label: `The ${id}`,
          groupId: `g-${id}`,
        })),
      getUserMedia: async (constraints: MediaStreamConstraints) => {
        asked.push(constraints);
        await new Promise((resolve) => setTimeout(resolve, 10));
        const { audio, video } = constraints;
        const sound = audio ? [open(audio as MediaTrackConstraints, "audioinput")] : [];
        const pictures = video ? [open(video as MediaTrackConstraints, "videoinput")] : [];
        return { getAudioTracks: () => sound, getVideoTracks: () => pictures };
      },
    });
    vi.stubGlobal("navigator", { mediaDevices });
    vi.stubGlobal("document", new EventTarget());
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  async function started(): Promise<LocalMedia> {
    const media = new LocalMedia(parseRemembered('{"camera":{"on":false}}'));
    const begun = media.start();
    await wait(100);
    await begun;
    return media;
  }

  async function changed(): Promise<void> {
    mediaDevices.dispatchEvent(new Event("devicechange"));
    await wait(500);
  }

  const label = (media: LocalMedia) => media.microphone?.label ?? null;

  it("changes a muted microphone without a moment in which it could be heard", async () => {
    const media = await started();
    await media.set("microphone", false);
    const heard: boolean[] = [];
    media.on("change", () => heard.push(media.microphone?.enabled ?? false));
    void media.choose("microphone", "headset", "The headset");
    await wait(500);
    expect(label(media)).toBe("The headset");
    expect(heard.length).toBeGreaterThan(0);
    expect(heard).not.toContain(true);
    void media.set("microphone", true);
    expect(media.isOn("microphone")).toBe(true);
  });

  it("mutes at once, whatever is being asked for", async () => {
    const media = await started();
    plugged.push({ kind: "videoinput", id: "webcam" });
    void media.set("camera", true);
    void media.set("microphone", false);
    expect(media.isOn("microphone")).toBe(false);
    await wait(500);
  });

  it("goes on with the next microphone, and back to the chosen one", async () => {
    const media = await started();
    const told: string[][] = [];
    media.on("said", (said) => told.push(said.map(({ code }) => code)));
    void media.choose("microphone", "headset", "The headset");
    await wait(500);
    plugged.pop();
    tracks.at(-1)?.end();
    expect(media.microphone).toBeNull();
    await changed();
    expect(label(media)).toBe("The laptop");
    expect(told).toEqual([["microphone-replaced"]]);
    plugged.push({ kind: "audioinput", id: "headset" });
    await changed();
    expect(label(media)).toBe("The headset");
    expect(told.at(-1)).toEqual([]);
  });

  it("asks again by itself for what another program had", async () => {
    busy.add("laptop");
    const media = await started();
    expect(media.microphone).toBeNull();
    busy.clear();
    await wait(4_500);
    expect(label(media)).toBe("The laptop");
  });

  it("does not film when the camera was turned off before it came", async () => {
    const media = await started();
    plugged.push({ kind: "videoinput", id: "webcam" });
    const filmed: boolean[] = [];
    media.on("change", () => filmed.push(media.camera !== null));
    void media.set("camera", true);
    await wait(1);
    void media.set("camera", false);
    await wait(500);
    expect(filmed).not.toContain(true);
    expect(tracks.at(-1)).toMatchObject({ label: "The webcam", readyState: "ended" });
  });

  it("leaves alone what is of no use in this call", async () => {
    const media = await started();
    void media.drop("microphone");
    await changed();
    expect(media.microphone).toBeNull();
  });
});
