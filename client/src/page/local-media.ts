/** The user's camera and microphone: on or off, which device, lost or found. */
import { Emitter } from "../lib/emitter.ts";
import { capture, DEVICES, type Device, permission } from "./capture.ts";
import { listDevices, watchDevices } from "./device-list.ts";
import { type Found, type Said, together } from "./device-plan.ts";
import { HeldDevice } from "./held-device.ts";
import { type Remembered, remember } from "./remembered.ts";

export interface LocalMediaEvents {
  /** A track came, went, or was muted. */
  change: null;
  /** All there is to tell about the devices now. */
  said: readonly Said[];
}

/** A device that went is looked for after this long, ms: the list of devices is then new, too. */
const SETTLED_AFTER = 250;
/** What another program keeps is asked for again after this long, ms. */
const AGAIN_AFTER = 4_000;
/** More devices than anybody has: as many are tried one after the other. */
const MOST_TRIES = 8;

export class LocalMedia extends Emitter<LocalMediaEvents> {
  readonly remembered: Remembered;
  readonly #held: Readonly<Record<Device, HeldDevice>>;
  /** Of no use in this call. */
  readonly #dropped = new Set<Device>();
  /** Captures one after the other: two at once would leave a device nobody stops. */
  #queue: Promise<void> = Promise.resolve();
  #looks = 0;
  #stopped = true;
  #again: ReturnType<typeof setTimeout> | undefined;
  #stopWatching: (() => void) | null = null;
  #said = "[]";
  #heard = false;

  constructor(remembered: Remembered) {
    super();
    this.remembered = remembered;
    const held = (device: Device) =>
      new HeldDevice(
        device,
        () => this.emit("change", null),
        () => void this.#ended(device),
      );
    this.#held = { camera: held("camera"), microphone: held("microphone") };
    for (const device of DEVICES) void this.#watchPermission(device);
  }

  get camera(): MediaStreamTrack | null {
    return this.#held.camera.track;
  }

  get microphone(): MediaStreamTrack | null {
    return this.#held.microphone.track;
  }

  /** Whether what the microphone gives arrives at the server. */
  get heard(): boolean {
    return this.#heard;
  }

  set heard(heard: boolean) {
    if (heard === this.#heard) return;
    this.#heard = heard;
    this.emit("change", null);
  }

  /** Whether others get something from `device`. */
  isOn(device: Device): boolean {
    return this.#held[device].track?.enabled ?? false;
  }

  /** Capture what is wanted and not there yet. Never throws: `said` tells. */
  start(): Promise<void> {
    this.#stopped = false;
    this.#dropped.clear();
    this.#stopWatching ??= watchDevices(() => void this.look());
    return this.retry();
  }

  /** Ask again for what could not be had. */
  retry(): Promise<void> {
    for (const device of DEVICES) this.#held[device].unbar();
    return this.look();
  }

  /** Look at what there is: something may have changed. */
  look(): Promise<void> {
    // Another one that waits will see it as well.
    if (this.#looks > 1) return this.#queue;
    this.#looks += 1;
    return this.#serially(async () => {
      for (const device of DEVICES) this.#held[device].refused.clear();
      await this.#settle().finally(() => {
        this.#looks -= 1;
      });
    });
  }

  /**
   * Turn a device on or off. An off camera is released, so that its light goes out; an
   * off microphone stays captured, so that it is back at once.
   */
  set(device: Device, on: boolean): Promise<void> {
    this.remembered[device].on = on;
    remember(this.remembered);
    const held = this.#held[device];
    if (on) held.unbar();
    else held.lost = null;
    this.#dropped.delete(device);
    if (device === "microphone" && held.track) {
      // Not behind a capture that waits for the user's permission.
      held.track.enabled = on;
      this.emit("change", null);
    }
    return this.#serially(async () => {
      if (!this.#isWanted(device)) held.release();
      await this.#settle();
      this.emit("change", null);
    });
  }

  /** Use another device of the same kind; "": the system's choice. */
  choose(device: Device, id: string, label = ""): Promise<void> {
    Object.assign(this.remembered[device], { device: id, label });
    remember(this.remembered);
    this.#held[device].lost = null;
    this.#held[device].unbar();
    return this.look();
  }

  /** Begin anew with a device that gives nothing, or could not be had. */
  again(device: Device): Promise<void> {
    this.#held[device].unbar();
    return this.#serially(async () => {
      this.#held[device].release();
      await this.#settle();
      this.emit("change", null);
    });
  }

  /** Release a device that is of no use in this call; what the user wants is not changed. */
  drop(device: Device): Promise<void> {
    this.#dropped.add(device);
    return this.#serially(async () => {
      this.#held[device].release();
      this.#tell();
      this.emit("change", null);
    });
  }

  /** Release everything. */
  stop(): void {
    this.#stopped = true;
    this.#stopWatching?.();
    this.#stopWatching = null;
    clearTimeout(this.#again);
    for (const device of DEVICES) {
      this.#held[device].release();
      this.#held[device].lost = null;
    }
    this.#tell();
    this.emit("change", null);
  }

  #isUseless(device: Device): boolean {
    return this.#stopped || this.#dropped.has(device);
  }

  #isWanted(device: Device): boolean {
    if (this.#isUseless(device)) return false;
    return this.remembered[device].on || (device === "microphone" && this.microphone !== null);
  }

  #serially(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Until all that is wanted is open, or it is known why not. */
  async #settle(): Promise<void> {
    clearTimeout(this.#again);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const missing = new Map<Device, Found>();
      for (const device of DEVICES.filter((each) => this.#isWanted(each))) {
        const held = this.#held[device];
        held.check();
        const { open, say } = held.plan(await listDevices(device), this.remembered[device]);
        held.said = say;
        if (open) missing.set(device, open);
      }
      if (missing.size === 0) break;
      await this.#open(missing);
    }
    this.#tell();
    const waits = ({ refused }: HeldDevice) => [...refused.values()].some((why) => why !== "gone");
    if (!this.#stopped && DEVICES.some((device) => waits(this.#held[device])))
      this.#again = setTimeout(() => void this.look(), AGAIN_AFTER);
  }

  async #open(missing: ReadonlyMap<Device, Found>): Promise<void> {
    // Some systems have a device only once.
    for (const device of missing.keys()) this.#held[device].release();
    const ids = [...missing].map(([device, { id }]) => [device, id]);
    const captured = await capture(Object.fromEntries(ids));
    for (const [device, candidate] of missing) {
      const held = this.#held[device];
      const track = captured[device] ?? "failed";
      if (typeof track === "string") held.refuse(track, candidate);
      // The camera may have been turned off meanwhile.
      else if (device === "camera" ? !this.#isWanted(device) : this.#isUseless(device))
        track.stop();
      else await this.#took(held, track, candidate);
    }
    this.emit("change", null);
  }

  async #took(held: HeldDevice, track: MediaStreamTrack, candidate: Found): Promise<void> {
    const { device } = held;
    // Before anybody else has it: what is muted is not heard for a moment either.
    track.enabled = this.remembered[device].on;
    const found = await listDevices(device);
    track.enabled = this.remembered[device].on;
    held.take(track, candidate, found);
    // Some browsers let their user choose when they ask for permission.
    const { id, label } = held.open ?? candidate;
    if (candidate.id === "" && id !== "default" && id !== found[0]?.id)
      Object.assign(this.remembered[device], { device: id, label });
  }

  async #ended(device: Device): Promise<void> {
    this.emit("change", null);
    await new Promise((resolve) => setTimeout(resolve, SETTLED_AFTER));
    const held = this.#held[device];
    const [found, status] = [await listDevices(device), await permission(device)];
    const there = found.some(({ id, label }) => !id || label === held.lost?.label);
    if (there && status && status.state !== "granted" && !held.track)
      held.barred = "permission-revoked";
    await this.look();
  }

  async #watchPermission(device: Device): Promise<void> {
    const status = await permission(device);
    status?.addEventListener("change", () => {
      const held = this.#held[device];
      if (status.state === "granted") held.unbar();
      else if (status.state === "denied" && held.track) {
        held.lost = held.open;
        held.release();
        held.barred = "permission-revoked";
        this.emit("change", null);
      }
      void this.look();
    });
  }

  #tell(): void {
    const wanted = DEVICES.filter((device) => this.#isWanted(device));
    const said = together(wanted.map((device) => this.#held[device].said));
    const text = JSON.stringify(said);
    if (text === this.#said) return;
    this.#said = text;
    this.emit("said", said);
  }
}
