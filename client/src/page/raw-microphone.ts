/** What a microphone gives before the browser processes it. */
import { permission } from "./capture.ts";

/** As much is looked at, s. */
const LOOKED_AT = 0.4;
/** A device that gives nothing is not waited for, ms. */
const AT_MOST = 1_500;

/** W3C mediacapture-transform; not every browser has it. */
type Processor = new (of: { track: MediaStreamTrack }) => { readable: ReadableStream<AudioData> };

/**
 * Whether the microphone that `track` is of gives nothing but zeros; null: that cannot be told here.
 *
 * It is opened a second time for a moment. That asks nobody and disturbs nothing where it is done:
 * where the permission is there, in browsers that tell an element's samples without playing it.
 */
export async function givesZeros(track: MediaStreamTrack): Promise<boolean | null> {
  const { MediaStreamTrackProcessor: Processor } = globalThis as typeof globalThis & {
    MediaStreamTrackProcessor?: Processor;
  };
  const deviceId = track.getSettings().deviceId;
  if (!Processor || !deviceId) return null;
  if ((await permission("microphone"))?.state !== "granted") return null;
  const raw = await openRaw(deviceId);
  if (!raw) return null;
  const late = setTimeout(() => raw.stop(), AT_MOST);
  try {
    return await areZeros(new Processor({ track: raw }).readable.getReader());
  } catch {
    return null;
  } finally {
    clearTimeout(late);
    raw.stop();
  }
}

async function openRaw(deviceId: string): Promise<MediaStreamTrack | null> {
  const unprocessed = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const audio = { deviceId: { exact: deviceId }, ...unprocessed };
  const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch(() => null);
  return stream?.getAudioTracks()[0] ?? null;
}

async function areZeros(reader: ReadableStreamDefaultReader<AudioData>): Promise<boolean | null> {
  for (let seconds = 0; seconds < LOOKED_AT; ) {
    const { value: data } = await reader.read();
    if (!data) return null;
    const zeros = isZero(data);
    seconds += data.numberOfFrames / data.sampleRate;
    data.close();
    if (!zeros) return false;
  }
  return true;
}

function isZero(data: AudioData): boolean {
  const samples = new Float32Array(data.numberOfFrames);
  for (let planeIndex = 0; planeIndex < data.numberOfChannels; planeIndex++) {
    data.copyTo(samples, { planeIndex, format: "f32-planar" });
    if (samples.some((sample) => sample !== 0)) return false;
  }
  return true;
}
