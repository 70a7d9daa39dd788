/** Which simulcast encodings a capture of a given size is worth (RFC 8853; webrtc-pc §5.2). */

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
 */
export function cameraEncodings(width: number, height: number): RTCRtpEncodingParameters[] {
  const sent = count(width, height);
  return RIDS.map((rid, index) => {
    const active = index < sent;
    const scale = active ? 2 ** (sent - 1 - index) : 1;
    return {
      rid,
      active,
      scaleResolutionDownBy: scale,
      maxBitrate: bitrate(Math.min(width, height) / scale),
    };
  });
}
