/** What keeps others from hearing or seeing this user, whom nobody else would tell. Pure. */
import { DEVICES, type Device } from "./capture.ts";

export interface DeviceFacts {
  /** The user wants it to be heard or seen, and it is open. */
  on: boolean;
  /** The system, a key of the device or another program keeps it quiet (W3C `muted`). */
  systemMuted: boolean;
  /** It gives nothing but zeros, and nobody says why. */
  silent: boolean;
  /** Whether it arrives at the server; null: nobody can tell. */
  arrives: boolean | null;
}

export type Facts = Readonly<Record<Device, DeviceFacts>>;

export type Fault =
  | "microphone-system-muted"
  | "camera-system-muted"
  | "microphone-silent"
  | "microphone-unheard"
  | "camera-unseen"
  | "path-lost";

/** What lasts shorter, ms, is not worth a word: a device is changed, a phone call is declined. */
const LASTS = 1_000;

const UNSENT = { microphone: "microphone-unheard", camera: "camera-unseen" } as const;

export class Faults {
  readonly #mutedSince = new Map<Device, number>();

  /** What there is to tell at the time `at`, ms. */
  next(facts: Facts, at: number): Fault[] {
    return DEVICES.flatMap((device) => {
      const { on, systemMuted, silent, arrives } = facts[device];
      if (!on || !systemMuted) this.#mutedSince.delete(device);
      if (!on) return [];
      if (!systemMuted && arrives === false) return [UNSENT[device]];
      if (!systemMuted) return silent ? ["microphone-silent"] : [];
      const since = this.#mutedSince.get(device) ?? at;
      this.#mutedSince.set(device, since);
      return at - since >= LASTS ? [`${device}-system-muted` as const] : [];
    });
  }
}
