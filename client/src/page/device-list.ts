/** The devices that there are, and what may have changed that. */
import type { Device } from "./capture.ts";
import type { Found } from "./device-plan.ts";

const KINDS = { camera: "videoinput", microphone: "audioinput", speaker: "audiooutput" } as const;

/** The devices of a kind. Without permission: one without a name for all that there are. */
export async function listDevices(device: Device | "speaker"): Promise<Found[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const found = all
    .filter(({ kind }) => kind === KINDS[device])
    .map(({ deviceId, label, groupId }) => ({ id: deviceId, label, group: groupId }));
  const named = found.filter(({ id }) => id !== "");
  return named.length > 0 ? named : found.slice(0, 1);
}

/** The machine slept, or the page was frozen, when a second took this long, ms. */
const SLEPT = 5_000;

/**
 * Call `look` when devices came or went, and when the page was asleep or out of sight: what
 * happened meanwhile may not have been told.
 *
 * @returns what ends that.
 */
export function watchDevices(look: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  navigator.mediaDevices?.addEventListener("devicechange", look, { signal });
  const seen = () => {
    if (!document.hidden) look();
  };
  document.addEventListener("visibilitychange", seen, { signal });
  // Page Lifecycle: a frozen tab goes on.
  document.addEventListener("resume", look, { signal });
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > SLEPT) look();
    last = now;
  }, 1_000);
  signal.addEventListener("abort", () => clearInterval(timer));
  return () => stop.abort();
}
