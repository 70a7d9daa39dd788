/** A camera or microphone as it is held: its track, and why there is none. */
import type { Device, Refusal } from "./capture.ts";
import {
  type Barrier,
  type Found,
  labelOf,
  type Open,
  type Plan,
  plan,
  type Said,
  standardOf,
} from "./device-plan.ts";
import type { Chosen } from "./remembered.ts";

export class HeldDevice {
  readonly device: Device;
  readonly #changed: () => void;
  readonly #ended: () => void;
  track: MediaStreamTrack | null = null;
  open: Open | null = null;
  lost: Found | null = null;
  barred: Barrier | null = null;
  readonly refused = new Map<string, Refusal>();
  /** What is to be told of it. */
  said: Said | null = null;

  /**
   * @param changed called when the system has muted it, or not any more.
   * @param ended called when it went by itself.
   */
  constructor(device: Device, changed: () => void, ended: () => void) {
    this.device = device;
    this.#changed = changed;
    this.#ended = ended;
  }

  /** What to do now; `found` are those of its kind that there are. */
  plan(found: readonly Found[], { device: id, label }: Chosen): Plan {
    const { device, open, lost, refused, barred } = this;
    return plan({ device, chosen: { id, label }, found, open, lost, refused, barred });
  }

  /** Take a track that was asked for as `candidate`. */
  take(track: MediaStreamTrack, candidate: Found, found: readonly Found[]): void {
    const id = candidate.id || (track.getSettings().deviceId ?? "");
    const known = found.find((each) => each.id === id) ?? { ...candidate, id, label: track.label };
    this.track = track;
    this.open = { ...known, label: labelOf(found, known), standard: standardOf(found) };
    // Not by the id: that of the system's choice is always the same.
    if (this.lost?.label === this.open.label) this.lost = null;
    track.addEventListener("mute", this.#changed);
    track.addEventListener("unmute", this.#changed);
    track.addEventListener("ended", this.#went);
  }

  /** Note why it cannot be had; what was looked at last is `candidate`. */
  refuse(refusal: Refusal, candidate: Found): void {
    if (refusal === "insecure") this.barred = "insecure-origin";
    else if (refusal === "denied")
      this.barred = this.lost ? "permission-revoked" : "permission-denied";
    else this.refused.set(candidate.id, refusal);
  }

  /** It may have gone while the page was asleep. */
  check(): void {
    if (this.track?.readyState !== "ended") return;
    this.lost = this.open;
    this.#forget();
  }

  release(): void {
    this.#forget()?.stop();
  }

  /** The user wants it anew: what stood against it may be over. */
  unbar(): void {
    if (this.barred !== "insecure-origin") this.barred = null;
    this.refused.clear();
  }

  /** It went by itself: unplugged, taken, forbidden. */
  readonly #went = (): void => {
    this.lost = this.open;
    this.#forget();
    this.#ended();
  };

  #forget(): MediaStreamTrack | null {
    const { track } = this;
    track?.removeEventListener("mute", this.#changed);
    track?.removeEventListener("unmute", this.#changed);
    track?.removeEventListener("ended", this.#went);
    this.track = this.open = null;
    return track;
  }
}
