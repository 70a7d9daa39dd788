/** The browser's own picker (W3C Screen Capture). */

export type ShareCode =
  | "share-unsupported" // no getDisplayMedia: most phones
  | "share-cancelled" // the picker was closed without a choice
  | "share-denied" // the operating system does not let the browser record the screen
  | "share-failed"; // the chosen surface cannot be captured

export class ShareError extends Error {
  override readonly name = "ShareError";

  constructor(
    readonly code: ShareCode,
    message: string,
  ) {
    super(message);
  }
}

const PICKER: DisplayMediaStreamOptions & Record<string, unknown> = {
  video: { frameRate: { ideal: 30 } },
  // The others' voices come out of this page: they must not be sent back to them.
  audio: { restrictOwnAudio: true } as MediaTrackConstraints,
  selfBrowserSurface: "exclude",
  surfaceSwitching: "include",
  systemAudio: "include",
};

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

function failure(thrown: unknown): ShareError {
  const { name, message } =
    thrown instanceof Error || thrown instanceof DOMException
      ? thrown
      : { name: "", message: String(thrown) };
  if (name === "NotAllowedError")
    return new ShareError(/system/i.test(message) ? "share-denied" : "share-cancelled", message);
  return new ShareError("share-failed", message);
}

/**
 * Let the user choose what to share: a video track and, where the browser has it, audio.
 *
 * @throws ShareError
 */
export async function pickScreen(options: DisplayMediaStreamOptions = {}): Promise<MediaStream> {
  if (!canShareScreen()) throw new ShareError("share-unsupported", "no getDisplayMedia");
  try {
    return await navigator.mediaDevices.getDisplayMedia({ ...PICKER, ...options });
  } catch (error) {
    throw failure(error);
  }
}
