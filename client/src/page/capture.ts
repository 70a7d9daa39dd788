/** Asks the browser for camera and microphone, and names what went wrong. */

export type CaptureCode =
  | "permission-denied"
  | "no-camera"
  | "no-microphone"
  | "no-devices"
  | "device-busy"
  | "device-failed"
  | "device-lost"
  | "insecure-origin";

export type Device = "camera" | "microphone";

export interface Captured {
  camera: MediaStreamTrack | null;
  microphone: MediaStreamTrack | null;
  /** What kept a wanted device from being there; null: all wanted are. */
  problem: CaptureCode | null;
}

/** A wanted device's id, "" for the browser's choice; undefined: not wanted. */
export type Wanted = Readonly<Partial<Record<Device, string>>>;

function constraints(wanted: Wanted): MediaStreamConstraints {
  // `ideal`: a remembered device that is gone must not fail the capture.
  const device = (id: string) => (id ? { deviceId: { ideal: id } } : {});
  return {
    ...(wanted.camera !== undefined && {
      video: {
        ...device(wanted.camera),
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30 },
      },
    }),
    ...(wanted.microphone !== undefined && {
      audio: {
        ...device(wanted.microphone),
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    }),
  };
}

/** The code for a DOMException's name (W3C Media Capture §10). */
export function captureCode(name: string, wanted: Wanted): CaptureCode {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "permission-denied";
    case "NotFoundError":
    case "OverconstrainedError":
      if (wanted.camera !== undefined && wanted.microphone !== undefined) return "no-devices";
      return wanted.camera !== undefined ? "no-camera" : "no-microphone";
    case "NotReadableError":
    case "AbortError":
      return "device-busy";
    default:
      return "device-failed";
  }
}

async function ask(wanted: Wanted): Promise<Captured> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints(wanted));
    return {
      camera: stream.getVideoTracks()[0] ?? null,
      microphone: stream.getAudioTracks()[0] ?? null,
      problem: null,
    };
  } catch (error) {
    const name = error instanceof DOMException || error instanceof Error ? error.name : "";
    return { camera: null, microphone: null, problem: captureCode(name, wanted) };
  }
}

/** Whether asking for `device` alone can do without a second prompt right after a refusal. */
async function isDenied(device: Device): Promise<boolean> {
  try {
    const status = await navigator.permissions.query({ name: device as PermissionName });
    return status.state !== "granted";
  } catch {
    return true;
  }
}

/** Both at once (one prompt); where that fails, each for itself: one of them is better than none. */
export async function capture(wanted: Wanted): Promise<Captured> {
  if (!navigator.mediaDevices?.getUserMedia)
    return { camera: null, microphone: null, problem: "insecure-origin" };
  const both = await ask(wanted);
  const { camera, microphone } = wanted;
  if (!both.problem || camera === undefined || microphone === undefined) return both;

  const alone = async (device: Device, one: Wanted): Promise<Captured> =>
    both.problem === "permission-denied" && (await isDenied(device))
      ? { camera: null, microphone: null, problem: "permission-denied" }
      : ask(one);
  const first = await alone("microphone", { microphone });
  const second = await alone("camera", { camera });
  const problems = [first.problem, second.problem];
  return {
    camera: second.camera,
    microphone: first.microphone,
    problem: problems.every((problem) => problem) ? both.problem : (problems.find(Boolean) ?? null),
  };
}
