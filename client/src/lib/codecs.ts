/** Trims m-lines to what the server forwards: each codec costs bytes and parsing at every join. */
import type { VideoCodec } from "../protocol.ts";
import type { Encoding } from "./encodings.ts";

type Codec = RTCRtpCodec;

function parameter(codec: Codec, name: string): string | undefined {
  for (const pair of (codec.sdpFmtpLine ?? "").split(";")) {
    const [key, value] = pair.trim().split("=");
    if (key?.toLowerCase() === name) return value?.toLowerCase();
  }
  return undefined;
}

/** Constrained baseline with packetization mode 1 (RFC 6184): what every browser decodes. */
function isCommonH264(codec: Codec): boolean {
  return (
    parameter(codec, "packetization-mode") === "1" &&
    (parameter(codec, "profile-level-id") ?? "").startsWith("42e0")
  );
}

/** Lower is preferred; null is left out. */
function rank(codec: Codec): number | null {
  switch (codec.mimeType.toLowerCase()) {
    case "audio/opus":
    case "video/vp8":
      return 0;
    // Only of Opus is there any (RFC 2198); browsers with it need to be told nothing more.
    case "audio/red":
      return 1;
    case "video/vp9":
      return (parameter(codec, "profile-id") ?? "0") === "0" ? 1 : null;
    case "video/h264":
      return isCommonH264(codec) ? 2 : null;
    case "video/av1":
      return (parameter(codec, "profile") ?? "0") === "0" ? 3 : null;
    case "video/rtx":
      return 4;
    default:
      return null;
  }
}

/** Of `codecs`, those the server forwards, in the order it likes them, retransmission last. */
export function trimCodecs(codecs: readonly Codec[]): Codec[] {
  return codecs
    .map((codec) => ({ codec, rank: rank(codec) }))
    .filter((entry): entry is { codec: Codec; rank: number } => entry.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .map((entry) => entry.codec);
}

/**
 * Whether VP9 is of no use for several encodings: of VP9 a browser without scalability modes
 * (webrtc-svc) sends the first encoding alone, which is the smallest. Firefox is one.
 */
function lacksSizes(sender: RTCRtpSender): boolean {
  const encodings: Encoding[] = sender.getParameters().encodings;
  return encodings.length > 1 && encodings.every(({ scalabilityMode }) => !scalabilityMode);
}

/**
 * Whether AV1 whose payload is encrypted is of no use: its keyframes are then known by the
 * dependency descriptor alone, to the server and to who receives it. Firefox has none.
 */
function lacksDescriptor(transceiver: RTCRtpTransceiver): boolean {
  // W3C webrtc-extensions, 8; a browser that does not say what it can offer offers none.
  const { getHeaderExtensionsToNegotiate: get } = transceiver as RTCRtpTransceiver & {
    getHeaderExtensionsToNegotiate?(): readonly { uri: string }[];
  };
  return !get?.call(transceiver).some(({ uri }) => uri.includes("#dependency-descriptor"));
}

/**
 * Trim what `transceiver` will offer. Older Firefox has no `setCodecPreferences`, and
 * a browser may refuse the order: the full list is then offered, which works as well.
 *
 * @param sealed whether what goes over it is encrypted end to end.
 */
export function preferCodecs(
  transceiver: RTCRtpTransceiver,
  kind: "audio" | "video",
  sealed = false,
): void {
  if (typeof transceiver.setCodecPreferences !== "function") return;
  const side = transceiver.direction === "sendonly" ? RTCRtpSender : RTCRtpReceiver;
  const useless = new Set<string>();
  if (lacksSizes(transceiver.sender)) useless.add("video/vp9");
  if (sealed && lacksDescriptor(transceiver)) useless.add("video/av1");
  const trimmed = trimCodecs(side.getCapabilities(kind)?.codecs ?? []).filter(
    ({ mimeType }) => !useless.has(mimeType.toLowerCase()),
  );
  if (trimmed.length === 0) return;
  try {
    transceiver.setCodecPreferences(trimmed);
  } catch {
    // The full list stays.
  }
}

/** Offer `name` and nothing else from now on; false when the browser has no say in it. */
export function onlyCodec(transceiver: RTCRtpTransceiver, name: VideoCodec): boolean {
  if (typeof transceiver.setCodecPreferences !== "function") return false;
  const codecs = trimCodecs(RTCRtpSender.getCapabilities("video")?.codecs ?? []).filter(
    ({ mimeType }) => [`video/${name}`, "video/rtx"].includes(mimeType.toLowerCase()),
  );
  if (!codecs.some(({ mimeType }) => mimeType.toLowerCase() !== "video/rtx")) return false;
  try {
    transceiver.setCodecPreferences(codecs);
    return true;
  } catch {
    return false;
  }
}
