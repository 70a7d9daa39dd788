/** What the page remembers of its user from one visit to the next, on this device only. */
import type { ShareContent } from "../lib/index.ts";

export interface Chosen {
  /** Its id; empty: the system's default. */
  device: string;
  /** Plugged in elsewhere it has another id, and the same name. */
  label: string;
}

export interface Remembered {
  name: string;
  camera: Chosen & { on: boolean };
  microphone: Chosen & { on: boolean };
  /** Where sound is played. */
  speaker: Chosen;
  /** Empty: the browser's. */
  language: string;
  /** A sound when somebody joins. */
  chime: boolean;
  /** Keyboard shortcuts. */
  shortcuts: boolean;
  /** What is on the screen that is shared. */
  content: ShareContent;
  /** Who presents is shown beside their screen. */
  presenter: boolean;
}

const KEY = "trio-sfu";

function nothing(): Remembered {
  return {
    name: "",
    camera: device(null),
    microphone: device(null),
    speaker: chosen(null),
    language: "",
    chime: true,
    shortcuts: true,
    content: "text",
    presenter: false,
  };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

function chosen(value: unknown): Chosen {
  const { device, label } = Object(value) as Record<string, unknown>;
  return { device: text(device), label: text(label) };
}

function device(value: unknown): Chosen & { on: boolean } {
  const { on } = Object(value) as { on?: unknown };
  return { on: on !== false, ...chosen(value) };
}

/** What `stored` says; whatever is not understood is as if never remembered. Pure. */
export function parseRemembered(stored: string | null): Remembered {
  try {
    const value = Object(JSON.parse(stored ?? "{}")) as Record<string, unknown>;
    return {
      name: text(value.name),
      camera: device(value.camera),
      microphone: device(value.microphone),
      speaker: chosen(value.speaker),
      language: text(value.language),
      chime: value.chime !== false,
      shortcuts: value.shortcuts !== false,
      content: value.content === "motion" ? "motion" : "text",
      presenter: value.presenter === true,
    };
  } catch {
    return nothing();
  }
}

/** Storage may be forbidden: then nothing is remembered. */
export function recall(): Remembered {
  try {
    return parseRemembered(localStorage.getItem(KEY));
  } catch {
    return nothing();
  }
}

export function remember(remembered: Remembered): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(remembered));
  } catch {
    // Forbidden or full.
  }
}
