/** What the page remembers of its user from one visit to the next, on this device only. */

export interface Remembered {
  name: string;
  camera: { on: boolean; device: string };
  microphone: { on: boolean; device: string };
  /** Empty: the browser's. */
  language: string;
  /** A sound when somebody joins. */
  chime: boolean;
  /** Keyboard shortcuts. */
  shortcuts: boolean;
}

const KEY = "trio-sfu";

function nothing(): Remembered {
  return {
    name: "",
    camera: { on: true, device: "" },
    microphone: { on: true, device: "" },
    language: "",
    chime: true,
    shortcuts: true,
  };
}

function device(value: unknown): { on: boolean; device: string } {
  const { on, device } = Object(value) as { on?: unknown; device?: unknown };
  return { on: on !== false, device: typeof device === "string" ? device : "" };
}

/** What `text` says; whatever is not understood is as if never remembered. Pure. */
export function parseRemembered(text: string | null): Remembered {
  try {
    const value = Object(JSON.parse(text ?? "{}")) as Record<string, unknown>;
    return {
      name: typeof value.name === "string" ? value.name : "",
      camera: device(value.camera),
      microphone: device(value.microphone),
      language: typeof value.language === "string" ? value.language : "",
      chime: value.chime !== false,
      shortcuts: value.shortcuts !== false,
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
