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

/**
 * What is on it: text, of which the size stays and the frame rate gives way where the network
 * carries less, or motion (a film, a game), the other way round.
 */
export type ShareContent = "text" | "motion";

export interface ShareOptions extends DisplayMediaStreamOptions {
  /** "text" unless it is said. */
  content?: ShareContent;
}

/** As the browser calls it (W3C mst-content-hint). */
const HINTS: Readonly<Record<ShareContent, string>> = { text: "detail", motion: "motion" };

const PICKER: DisplayMediaStreamOptions & Record<string, unknown> = {
  video: { frameRate: { ideal: 30 } },
  audio: {
    // The others' voices come out of this page: they must not be sent back to them.
    restrictOwnAudio: true,
    // It is no microphone: what makes voices clear takes music for noise.
    noiseSuppression: false,
    autoGainControl: false,
    channelCount: { ideal: 2 },
  } as MediaTrackConstraints,
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
export async function pickScreen({
  content = "text",
  ...options
}: ShareOptions = {}): Promise<MediaStream> {
  if (!canShareScreen()) throw new ShareError("share-unsupported", "no getDisplayMedia");
  try {
    const picked = await navigator.mediaDevices.getDisplayMedia({ ...PICKER, ...options });
    for (const track of picked.getVideoTracks()) track.contentHint = HINTS[content];
    return picked;
  } catch (error) {
    throw failure(error);
  }
}
