/** Asks the browser for camera and microphone, and names what went wrong. */

export type Device = "camera" | "microphone";
export const DEVICES: readonly Device[] = ["microphone", "camera"];

/** Why a device is not there: the user or the browser forbids it, there is none, it is in use. */
export type Refusal = "denied" | "gone" | "busy" | "failed" | "insecure";

/** What came of it, for each device that was wanted. */
export type Captured = Partial<Record<Device, MediaStreamTrack | Refusal>>;

/** A wanted device's id, "" for the browser's choice; undefined: not wanted. */
export type Wanted = Readonly<Partial<Record<Device, string>>>;

function constraints({ camera, microphone }: Wanted): MediaStreamConstraints {
  const device = (id: string) => (id ? { deviceId: { exact: id } } : {});
  return {
    ...(camera !== undefined && {
      video: {
        ...device(camera),
        width: { ideal: 1280 },
        height: { ideal: 720 },
        frameRate: { ideal: 30 },
      },
    }),
    ...(microphone !== undefined && {
      audio: {
        ...device(microphone),
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    }),
  };
}

/** What a DOMException's name means (W3C Media Capture §10). */
export function refusal(name: string): Refusal {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "gone";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

async function ask(wanted: Wanted): Promise<Captured | Refusal> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints(wanted));
    const [camera] = stream.getVideoTracks();
    const [microphone] = stream.getAudioTracks();
    return { ...(camera && { camera }), ...(microphone && { microphone }) };
  } catch (error) {
    const name = error instanceof DOMException || error instanceof Error ? error.name : "";
    return refusal(name);
  }
}

/** Whether the browser gives `device` without asking the user; null: it does not say. */
export async function permission(device: Device): Promise<PermissionStatus | null> {
  try {
    return await navigator.permissions.query({ name: device as PermissionName });
  } catch {
    return null;
  }
}

/** Both at once (one prompt); where that fails, each for itself: one of them is better than none. */
export async function capture(wanted: Wanted): Promise<Captured> {
  const devices = DEVICES.filter((device) => wanted[device] !== undefined);
  const all = (refused: Refusal): Captured =>
    Object.fromEntries(devices.map((device) => [device, refused]));
  if (!navigator.mediaDevices?.getUserMedia) return all("insecure");
  const asked = await ask(wanted);
  if (typeof asked !== "string") return asked;
  if (devices.length < 2) return all(asked);
  const captured: Captured = {};
  for (const device of devices) {
    // Without a second prompt right after a refusal.
    const asks = asked !== "denied" || (await permission(device))?.state === "granted";
    const alone = asks ? await ask({ [device]: wanted[device] ?? "" }) : asked;
    Object.assign(captured, typeof alone === "string" ? { [device]: alone } : alone);
  }
  return captured;
}
