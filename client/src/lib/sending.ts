/**
 * The sending m-lines: one `sendonly` transceiver per source, created before the first
 * offer and filled by `replaceTrack`, so that starting to share is no renegotiation.
 */
import type { SendingLine, Source } from "../protocol.ts";
import { onlyCodec, preferCodecs } from "./codecs.ts";
import { cameraEncodings, type Encoding, screenEncodings, type VideoCoding } from "./encodings.ts";
import type { LineEncryption } from "./end-to-end.ts";
import { VideoSender } from "./video-sender.ts";

/** In the order of the m-lines. */
export const SOURCES = ["microphone", "camera", "screen", "screen-audio"] as const;

export function kindOf(source: Source): "audio" | "video" {
  return source === "camera" || source === "screen" ? "video" : "audio";
}

/** Before a capture is known, as for the size that cameras are asked for. */
const UNKNOWN_CAPTURE = { width: 1280, height: 720 };

function initialEncodings(source: Source): Encoding[] | undefined {
  if (source === "camera") return cameraEncodings(UNKNOWN_CAPTURE.width, UNKNOWN_CAPTURE.height);
  // Until somebody shares.
  return source === "screen"
    ? screenEncodings().map((encoding) => ({ ...encoding, active: false }))
    : undefined;
}

/** A browser that has not the layers asked for sends without. */
function addLine(pc: RTCPeerConnection, source: Source, encodings: Encoding[] | undefined) {
  const kind = kindOf(source);
  if (!encodings) return pc.addTransceiver(kind, { direction: "sendonly" });
  try {
    return pc.addTransceiver(kind, { direction: "sendonly", sendEncodings: encodings });
  } catch {
    const plain = encodings.map(({ scalabilityMode: _, ...rest }) => rest);
    return pc.addTransceiver(kind, { direction: "sendonly", sendEncodings: plain });
  }
}

export class SendingLines {
  readonly #transceivers = new Map<Source, RTCRtpTransceiver>();
  readonly #video = new Map<Source, VideoSender>();
  readonly #coding = new Map<Source, VideoCoding>();
  readonly #changes = new Map<Source, Promise<void>>();

  constructor(pc: RTCPeerConnection, encryption: LineEncryption | null = null) {
    for (const source of SOURCES) {
      const sendEncodings = initialEncodings(source);
      const transceiver = addLine(pc, source, sendEncodings);
      preferCodecs(transceiver, kindOf(source));
      encryption?.send(transceiver.sender);
      this.#transceivers.set(source, transceiver);
      if (sendEncodings)
        this.#video.set(source, new VideoSender(transceiver.sender, source === "screen"));
    }
  }

  /** What carries `source`. */
  line(source: Source): RTCRtpTransceiver | null {
    return this.#transceivers.get(source) ?? null;
  }

  /** What the offer says about them; mids are known once it is the local description. */
  lines(): SendingLine[] {
    const lines: SendingLine[] = [];
    for (const [source, { mid }] of this.#transceivers) if (mid) lines.push({ mid, source });
    return lines;
  }

  /** Send `track`, or nothing, on the line of `source`; one after the other, so the last counts. */
  set(source: Source, track: MediaStreamTrack | null): Promise<void> {
    const done = (this.#changes.get(source) ?? Promise.resolve()).then(() =>
      this.#set(source, track),
    );
    this.#changes.set(
      source,
      done.catch(() => undefined),
    );
    return done;
  }

  async #set(source: Source, track: MediaStreamTrack | null): Promise<void> {
    const sender = this.#transceivers.get(source)?.sender;
    if (!sender) return;
    if (track && source === "camera") await this.#fit(track);
    // A screen is text unless it was said: "detail" keeps its size when the bandwidth is short.
    if (track && source === "screen") track.contentHint ||= "detail";
    const video = this.#video.get(source);
    if (track) await video?.rest(false, track.contentHint === "motion");
    await sender.replaceTrack(track);
    if (!track) await video?.rest(true);
  }

  /** Begin the encoder of `source` anew. */
  async restart(source: Source): Promise<void> {
    await this.#video.get(source)?.restart();
  }

  /** Have the browser look again for what the network carries. */
  async probe(): Promise<void> {
    await this.#video.get("camera")?.probe();
  }

  /** Send only those encodings of `source` that somebody watches. */
  async want(source: Source, rids: readonly string[]): Promise<void> {
    await this.#video.get(source)?.want(rids);
  }

  /**
   * Encode `source` as the server asks.
   *
   * @returns whether another offer is needed for it.
   */
  async encode(source: Source, coding: VideoCoding): Promise<boolean> {
    const [video, transceiver] = [this.#video.get(source), this.#transceivers.get(source)];
    if (!video || !transceiver) return false;
    this.#coding.set(source, coding);
    if (await video.encode(coding.codec, this.#encodings(source, transceiver.sender.track)))
      return false;
    return onlyCodec(transceiver, coding.codec);
  }

  #encodings(source: Source, track: MediaStreamTrack | null): Encoding[] {
    if (source === "screen") return screenEncodings();
    const { width, height } = track?.getSettings() ?? {};
    const size = width && height ? { width, height } : UNKNOWN_CAPTURE;
    return cameraEncodings(size.width, size.height, this.#coding.get(source));
  }

  async #fit(track: MediaStreamTrack): Promise<void> {
    const { width, height } = track.getSettings();
    if (width && height) await this.#video.get("camera")?.plan(this.#encodings("camera", track));
  }
}
