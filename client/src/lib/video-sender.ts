/**
 * Which encodings a video line sends: those its capture is good for, of which somebody
 * watches, with the codec that all who watch decode. None of it needs negotiation
 * (webrtc-pc 5.2, webrtc-extensions 5.1), as long as the browser can change the codec.
 */
import type { VideoCodec } from "../protocol.ts";
import type { Encoding } from "./encodings.ts";

/** Bits per second that nobody sees. */
const LESS = 1_000;

export class VideoSender {
  readonly #sender: RTCRtpSender;
  /** By RID; "" for a single encoding. */
  readonly #planned = new Map<string, Encoding>();
  /** Null until the server has said: all. */
  #wanted: ReadonlySet<string> | null = null;
  #codec: VideoCodec | null = null;
  #idle: boolean;
  /** Whether it is the size that gives way, and the frame rate that stays. */
  #motion = false;
  /** Taken off what the largest encoding may send. */
  #less = 0;
  #changes: Promise<unknown> = Promise.resolve();

  /** `idle`: whether it begins with encodings that are not active. */
  constructor(sender: RTCRtpSender, idle = false) {
    this.#sender = sender;
    this.#idle = idle;
  }

  /**
   * Whether there is nothing to send; `motion`: of what there is, the size gives way before the
   * frame rate, else as the browser thinks right. libwebrtc gives a line whose encodings are active its share
   * of the bandwidth, picture or not, and the other line has the rest.
   */
  async rest(idle: boolean, motion = false): Promise<void> {
    if (idle === this.#idle && motion === this.#motion) return;
    [this.#idle, this.#motion] = [idle, motion];
    await this.#apply();
  }

  /** What the capture is good for. */
  async plan(encodings: readonly Encoding[]): Promise<void> {
    for (const encoding of encodings) this.#planned.set(encoding.rid ?? "", encoding);
    await this.#apply();
  }

  /** The RIDs that somebody watches. */
  async want(rids: readonly string[]): Promise<void> {
    this.#wanted = new Set(rids);
    await this.#apply();
  }

  /** Encode with `codec`, `encodings` of it; false: the browser needs another offer for that. */
  async encode(codec: VideoCodec, encodings: readonly Encoding[]): Promise<boolean> {
    for (const encoding of encodings) this.#planned.set(encoding.rid ?? "", encoding);
    this.#codec = codec;
    return this.#apply();
  }

  /** Change what may be sent at most, by next to nothing: libwebrtc then measures its network. */
  async probe(): Promise<void> {
    this.#less = this.#less ? 0 : LESS;
    await this.#apply();
  }

  /** Begin the encoder anew: nothing that it sends is of use to those who watch. */
  async restart(): Promise<void> {
    this.#changes = this.#changes.then(() => this.#stop());
    await this.#apply();
  }

  async #stop(): Promise<void> {
    const parameters = this.#sender.getParameters();
    for (const encoding of parameters.encodings) encoding.active = false;
    await this.#sender.setParameters(parameters).catch(() => undefined);
  }

  /** One after the other: parameters that were read before another change are refused. */
  #apply(): Promise<boolean> {
    const done = this.#changes.then(() => this.#set());
    this.#changes = done;
    return done;
  }

  async #set(): Promise<boolean> {
    // With layers, or without where the browser or the codec has no such.
    return (await this.#try(true)) || (await this.#try(false));
  }

  async #try(layers: boolean): Promise<boolean> {
    const parameters = this.#sender.getParameters();
    if (this.#motion) parameters.degradationPreference = "maintain-framerate";
    else delete parameters.degradationPreference;
    const codec = this.#codec && negotiated(parameters, this.#codec);
    let last: Encoding | null = null;
    for (const encoding of parameters.encodings as Encoding[]) {
      const rid = encoding.rid ?? "";
      Object.assign(encoding, this.#planned.get(rid));
      if (!layers) delete encoding.scalabilityMode;
      if (codec) encoding.codec = codec;
      const planned = this.#planned.get(rid)?.active ?? true;
      encoding.active = planned && !this.#idle && (this.#wanted?.has(rid) ?? true);
      if (encoding.active) last = encoding;
    }
    if (last?.maxBitrate) last.maxBitrate -= this.#less;
    try {
      await this.#sender.setParameters(parameters);
    } catch {
      // A browser that refuses sends what it negotiated: fewer choices for the viewers, no failure.
      return false;
    }
    return this.#codec === null || this.#sends(this.#codec);
  }

  /** Whether the browser took the codec, and did not pass over a parameter it does not know. */
  #sends(codec: VideoCodec): boolean {
    const parameters = this.#sender.getParameters();
    const [first] = parameters.encodings as Encoding[];
    const sent = first?.codec ?? parameters.codecs?.[0];
    return isNamed(sent, codec);
  }
}

function isNamed(codec: RTCRtpCodec | undefined, name: VideoCodec): boolean {
  return codec?.mimeType.toLowerCase() === `video/${name}`;
}

function negotiated(parameters: RTCRtpSendParameters, name: VideoCodec): RTCRtpCodec | undefined {
  const found = parameters.codecs?.find((each) => isNamed(each, name));
  if (!found) return undefined;
  const { mimeType, clockRate, channels, sdpFmtpLine } = found;
  return {
    mimeType,
    clockRate,
    ...(channels !== undefined && { channels }),
    ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
  };
}
