/**
 * Which encodings and layers a capture of a given size is worth (RFC 8853; webrtc-pc §5.2;
 * webrtc-svc).
 */

import type { VideoCodec } from "../protocol.ts";

/** What a video source is encoded with, as the server asks. */
export interface VideoCoding {
  codec: VideoCodec;
  /** One stream with spatial layers, for codecs that have them, instead of simulcast. */
  svc: boolean;
}

/** Parameters that older type definitions lack. */
export interface Encoding extends RTCRtpEncodingParameters {
  codec?: RTCRtpCodec;
  scalabilityMode?: string;
}

/** Three rates in one stream: a viewer's network that cannot take 30 frames a second gets 15. */
const THREE_RATES = "L1T3";
/**
 * Not for VP9 in simulcast: its packets tell dependencies by a pattern (RFC 9628, 4.2.1), which
 * libwebrtc's encoder leaves when it drops a picture. Whoever has no dependency descriptors, as
 * Firefox, then waits for pictures that never were.
 */
const ONE_RATE = "L1T1";

/** RTP stream ids from the smallest to the fullest; the server knows them as low, medium, high. */
export const RIDS = ["q", "h", "f"] as const;
export type Rid = (typeof RIDS)[number];

/** Bits per second by the height of an encoding; between two rows the lower one counts. */
const BITRATES: readonly (readonly [height: number, bitsPerSecond: number])[] = [
  [0, 120_000],
  [180, 200_000],
  [270, 350_000],
  [360, 600_000],
  [540, 1_200_000],
  [720, 1_900_000],
  [1080, 3_500_000],
];

/** Upper bound for a screen: text must stay sharp and changes come in bursts. */
export const SCREEN_BITRATE = 4_000_000;

function bitrate(height: number): number {
  let found = 0;
  for (const [from, bitsPerSecond] of BITRATES) if (height >= from) found = bitsPerSecond;
  return found;
}

/**
 * How many encodings to send. libwebrtc drops the *upper* rids of a small capture
 * by itself (three below 960×540 are never sent), which would leave the viewers
 * with half the picture: so ask for no more than it sends and scale those that stay.
 */
function count(width: number, height: number): number {
  const [long, short] = width > height ? [width, height] : [height, width];
  if (long >= 960 && short >= 540) return 3;
  return long >= 480 && short >= 270 ? 2 : 1;
}

/**
 * The encodings of a camera capture, always one per rid: the SDP never changes,
 * unused rids are inactive.
 *
 * @param width pixels of the capture.
 * @param height pixels of the capture.
 * @param coding what it is encoded with.
 */
export function cameraEncodings(
  width: number,
  height: number,
  { codec, svc }: VideoCoding = { codec: "vp8", svc: false },
): Encoding[] {
  const sent = count(width, height);
  if (svc && (codec === "vp9" || codec === "av1")) return layered(width, height, sent);
  return RIDS.map((rid, index) => {
    const active = index < sent;
    const scale = active ? 2 ** (sent - 1 - index) : 1;
    return {
      rid,
      active,
      scaleResolutionDownBy: scale,
      maxBitrate: bitrate(Math.min(width, height) / scale),
      scalabilityMode: codec === "vp9" ? ONE_RATE : THREE_RATES,
    };
  });
}

/**
 * All sizes in the first encoding, each twice the one below: with a single active encoding
 * browsers send its spatial layers, whatever else was negotiated. The layers above the lowest
 * depend on it in keyframes alone, so that a viewer of the highest needs no other.
 */
function layered(width: number, height: number, sizes: number): Encoding[] {
  return RIDS.map((rid, index) => ({
    rid,
    active: index === 0,
    scaleResolutionDownBy: 1,
    maxBitrate: bitrate(Math.min(width, height)),
    scalabilityMode: index === 0 && sizes > 1 ? `L${sizes}T3_KEY` : THREE_RATES,
  }));
}

/** The one encoding of a screen: its size stays, and its frame rate gives way. */
export function screenEncodings(): Encoding[] {
  return [{ active: true, maxBitrate: SCREEN_BITRATE, scalabilityMode: THREE_RATES }];
}
