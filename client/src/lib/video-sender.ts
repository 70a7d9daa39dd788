/**
 * Which encodings a video line sends: those its capture is good for, of which somebody
 * watches. Turning one on or off needs no negotiation (webrtc-pc 5.2).
 */

export class VideoSender {
  readonly #sender: RTCRtpSender;
  /** By RID; "" for a single encoding. */
  readonly #planned = new Map<string, RTCRtpEncodingParameters>();
  /** Null until the server has said: all. */
  #wanted: ReadonlySet<string> | null = null;
  #changes: Promise<void> = Promise.resolve();

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
  }

  /** What the capture is good for. */
  plan(encodings: readonly RTCRtpEncodingParameters[]): Promise<void> {
    for (const encoding of encodings) this.#planned.set(encoding.rid ?? "", encoding);
    return this.#apply();
  }

  /** The RIDs that somebody watches. */
  want(rids: readonly string[]): Promise<void> {
    this.#wanted = new Set(rids);
    return this.#apply();
  }

  /** One after the other: parameters that were read before another change are refused. */
  #apply(): Promise<void> {
    this.#changes = this.#changes.then(() => this.#set());
    return this.#changes;
  }

  async #set(): Promise<void> {
    const parameters = this.#sender.getParameters();
    for (const encoding of parameters.encodings) {
      const rid = encoding.rid ?? "";
      Object.assign(encoding, this.#planned.get(rid));
      const planned = this.#planned.get(rid)?.active ?? true;
      encoding.active = planned && (this.#wanted?.has(rid) ?? true);
    }
    try {
      await this.#sender.setParameters(parameters);
    } catch {
      // A browser that refuses sends what it negotiated: fewer choices for the viewers, no failure.
    }
  }
}
