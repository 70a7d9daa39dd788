/** Which camera or microphone to use, and what to say of it, from what there is. Pure. */
import type { Device, Refusal } from "./capture.ts";

/** A device that is there (W3C MediaDeviceInfo); without permission its fields are empty. */
export interface Found {
  id: string;
  label: string;
  group: string;
}

/** What is open. */
export interface Open extends Found {
  /** What the system's default was when it was opened. */
  standard: string;
}

export interface Situation {
  device: Device;
  /** What the user chose; an empty id: the system's default. */
  chosen: { id: string; label: string };
  found: readonly Found[];
  open: Open | null;
  /** What was open last and went by itself; null: nothing, or it is back. */
  lost: Found | null;
  /** What could not be opened, by id, since the devices last changed. */
  refused: ReadonlyMap<string, Refusal>;
  /** Why it is of no use to ask; null: it is. */
  barred: Barrier | null;
}

export type Barrier = "permission-denied" | "permission-revoked" | "insecure-origin";

/** What to tell the user: a message's code, and what it names. */
export interface Said {
  code: string;
  parameters: Readonly<Record<string, string>>;
}

export interface Plan {
  /** What to open in place of what is; null: nothing is to be changed. */
  open: Found | null;
  say: Said | null;
}

/** What Chromium calls the system's choices; each stands for a device that has an entry too. */
export const ALIASES: readonly string[] = ["default", "communications"];

/** What tells the system's default from another one, whichever way the browser says it. */
export function standardOf(found: readonly Found[]): string {
  const standard = found.find(({ id }) => id === "default") ?? found[0];
  return standard ? standard.group || standard.id : "";
}

export function plan(situation: Situation): Plan {
  const { barred, open } = situation;
  if (barred !== null) return { open: null, say: { code: barred, parameters: {} } };
  const best = pick(situation);
  if (typeof best === "string") return { open: null, say: open ? null : say(situation, best) };
  return { open: isOpen(situation, best) ? null : best, say: replaced(situation, best) };
}

/** The device to use; why there is none. */
function pick(situation: Situation): Found | Refusal {
  const { refused } = situation;
  let reason: Refusal = "gone";
  for (const candidate of candidates(situation)) {
    const refusal = refused.get(candidate.id);
    if (refusal === undefined) return candidate;
    // It is there, and what keeps it will end: nobody is filmed by another camera meanwhile.
    if (refusal !== "gone") return refusal;
    reason = refusal;
  }
  return reason;
}

function candidates(situation: Situation): Found[] {
  const { device, chosen, found, open, lost } = situation;
  const standard = found.find(({ id }) => id === "default") ?? found[0] ?? null;
  const wanted = chosen.id ? same(found, chosen) : null;
  const former = lost && same(found, lost);
  const now = open && (found.find(({ id }) => id === open.id) ?? same(found, open));
  // A camera does not change because another one is plugged in; a microphone goes with the
  // system's choice, which a headset changes.
  const usual =
    chosen.id || device === "camera" ? [former, now, standard] : [standard, former, now];
  const rest = found.filter(({ id }) => !ALIASES.includes(id));
  return [...new Set([wanted, ...usual, ...rest])].filter((each) => each !== null);
}

/** A device that is plugged in elsewhere has another id, and the same name. */
export function same(
  found: readonly Found[],
  { id, label }: { id: string; label: string },
): Found | null {
  const real = found.filter((each) => !ALIASES.includes(each.id));
  const named = () => real.find((each) => label !== "" && each.label === label);
  return real.find((each) => each.id === id) ?? named() ?? null;
}

/** The name of the device itself, where `one` is the system's choice. */
export function labelOf(found: readonly Found[], one: Found): string {
  if (!ALIASES.includes(one.id)) return one.label;
  const real = found.find(({ id, group }) => !ALIASES.includes(id) && group === one.group);
  return real?.label ?? one.label;
}

function isOpen({ open, chosen, found, device }: Situation, best: Found): boolean {
  if (!open || open.id !== best.id) return false;
  const follows = chosen.id === "" && device === "microphone";
  return !follows || open.standard === standardOf(found);
}

function say({ device, lost, found }: Situation, refusal: Refusal): Said {
  if (refusal === "busy") return { code: `${device}-busy`, parameters: {} };
  if (refusal !== "gone") return { code: "device-failed", parameters: {} };
  const code = lost && found.length === 0 ? `${device}-lost` : `no-${device}`;
  return { code, parameters: { name: lost?.label ?? "" } };
}

/** Another one than the user is used to. */
function replaced({ device, chosen, lost, found }: Situation, best: Found): Said | null {
  const missed = chosen.id ? chosen : lost;
  if (!missed?.label || same(found, missed)) return null;
  const used = labelOf(found, best);
  return { code: `${device}-replaced`, parameters: { name: missed.label, used } };
}

/** The same said of both devices is said once. */
export function together(said: readonly (Said | null)[]): Said[] {
  const all = said.filter((each) => each !== null);
  const codes = all.map(({ code }) => code);
  if (codes.includes("no-camera") && codes.includes("no-microphone"))
    return [{ code: "no-devices", parameters: {} }];
  return all.filter(({ code }, index) => codes.indexOf(code) === index);
}
