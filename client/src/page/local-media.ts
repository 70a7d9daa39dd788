/** The user's camera and microphone: on or off, which device, lost or found. */
import { Emitter } from "../lib/emitter.ts";
import { type CaptureCode, type Captured, capture, type Device } from "./capture.ts";
import { type Remembered, remember } from "./remembered.ts";

export interface LocalMediaEvents {
  /** A track came, went, or was muted. */
  change: null;
  /** A wanted device is not there; null: that is over. */
  problem: CaptureCode | null;
}

export class LocalMedia extends Emitter<LocalMediaEvents> {
  readonly remembered: Remembered;
  readonly #tracks: Record<Device, MediaStreamTrack | null> = { camera: null, microphone: null };
  /** Captures one after the other: two at once would leave a device nobody stops. */
  #queue: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(remembered: Remembered) {
    super();
    this.remembered = remembered;
  }

  get camera(): MediaStreamTrack | null {
    return this.#tracks.camera;
  }

  get microphone(): MediaStreamTrack | null {
    return this.#tracks.microphone;
  }

  /** Whether others get something from `device`. */
  isOn(device: Device): boolean {
    return this.#tracks[device]?.enabled ?? false;
  }

  /** Capture what is wanted and not there yet. Never throws: `problem` tells. */
  start(): Promise<void> {
    this.#stopped = false;
    return this.#serially(async () => {
      const { camera, microphone } = this.remembered;
      const wanted = {
        ...(camera.on && !this.camera && { camera: camera.device }),
        ...(microphone.on && !this.microphone && { microphone: microphone.device }),
      };
      if (Object.keys(wanted).length > 0) this.#took(await capture(wanted));
    });
  }

  /**
   * Turn a device on or off. An off camera is released, so that its light goes out; an
   * off microphone stays captured, so that it is back at once.
   */
  set(device: Device, on: boolean): Promise<void> {
    this.remembered[device].on = on;
    remember(this.remembered);
    return this.#serially(async () => {
      const track = this.#tracks[device];
      if (device === "microphone" && track) track.enabled = on;
      else if (on && !track)
        return this.#took(await capture({ [device]: this.remembered[device].device }));
      else if (!on && track) this.#release(device);
      this.emit("change", null);
    });
  }

  /** Use another device of the same kind. */
  choose(device: Device, id: string): Promise<void> {
    this.remembered[device].device = id;
    remember(this.remembered);
    return this.#serially(async () => {
      if (!this.remembered[device].on) return;
      this.#release(device);
      this.#took(await capture({ [device]: id }));
    });
  }

  /** Release a device that is of no use in this call; what the user wants is not changed. */
  drop(device: Device): Promise<void> {
    return this.#serially(async () => {
      this.#release(device);
      this.emit("change", null);
    });
  }

  /** Release everything. */
  stop(): void {
    this.#stopped = true;
    this.#release("camera");
    this.#release("microphone");
    this.emit("change", null);
  }

  #serially(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work);
    return this.#queue;
  }

  #took({ camera, microphone, problem }: Captured): void {
    for (const [device, track] of [
      ["camera", camera],
      ["microphone", microphone],
    ] as const) {
      if (!track) continue;
      if (this.#stopped) {
        track.stop();
        continue;
      }
      this.#tracks[device] = track;
      track.addEventListener("ended", () => this.#lost(device, track), { once: true });
    }
    this.emit("problem", problem);
    this.emit("change", null);
  }

  #lost(device: Device, track: MediaStreamTrack): void {
    if (this.#tracks[device] !== track) return;
    this.#tracks[device] = null;
    this.emit("problem", "device-lost");
    this.emit("change", null);
  }

  #release(device: Device): void {
    this.#tracks[device]?.stop();
    this.#tracks[device] = null;
  }
}

/** The devices of a kind to choose from; their labels are empty before the user's permission. */
export async function listDevices(device: Device): Promise<MediaDeviceInfo[]> {
  const kind = device === "camera" ? "videoinput" : "audioinput";
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((info) => info.kind === kind && info.deviceId !== "");
}
