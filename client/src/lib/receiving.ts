/**
 * The receiving m-lines: pairs of `recvonly` transceivers.
 *
 * Each line has a MediaStream of its own, for a media element of its own: an element
 * with both tracks would wait for video before it plays the sound of a peer without a
 * camera. Lip sync comes from the msid that the answer gives to both lines of a pair.
 */
import type { SlotLine } from "../protocol.ts";
import { preferCodecs } from "./codecs.ts";
import type { LineEncryption } from "./end-to-end.ts";
import { SCREEN_AUDIO_PAIRS } from "./slots.ts";

interface Line {
  transceiver: RTCRtpTransceiver;
  stream: MediaStream;
  kind: "audio" | "video";
  pair: number;
}

export class ReceivingLines {
  readonly #pc: RTCPeerConnection;
  readonly #encryption: LineEncryption | null;
  readonly #lines: Line[] = [];
  #nextPair = 0;
  #fullPairs = 0;

  constructor(pc: RTCPeerConnection, encryption: LineEncryption | null = null) {
    this.#pc = pc;
    this.#encryption = encryption;
  }

  /** Add transceivers until there are `pairs` full pairs; the next offer negotiates them. */
  grow(pairs: number): void {
    const first = this.#nextPair === 0;
    for (; this.#fullPairs < pairs; this.#fullPairs++) this.#add(["audio", "video"]);
    if (first) for (let n = 0; n < SCREEN_AUDIO_PAIRS; n++) this.#add(["audio"]);
  }

  /** Take back pairs whose offer was refused: those that never got an m-line. */
  withdraw(): void {
    for (const line of [...this.#lines]) {
      if (line.transceiver.mid !== null) continue;
      line.transceiver.stop();
      this.#lines.splice(this.#lines.indexOf(line), 1);
      if (line.kind === "video") this.#fullPairs -= 1;
    }
  }

  /** What the offer says about them; mids are known once it is the local description. */
  lines(): SlotLine[] {
    const lines: SlotLine[] = [];
    for (const { transceiver, kind, pair } of this.#lines)
      if (transceiver.mid) lines.push({ mid: transceiver.mid, kind, pair });
    return lines;
  }

  /** Of the first line. */
  get track(): MediaStreamTrack | null {
    return this.#lines[0]?.transceiver.receiver.track ?? null;
  }

  /** What arrives on the line `mid`. */
  stream(mid: string): MediaStream | null {
    return this.#lines.find(({ transceiver }) => transceiver.mid === mid)?.stream ?? null;
  }

  /** What receives the line `mid`. */
  receiver(mid: string): RTCRtpReceiver | null {
    return this.#lines.find((line) => line.transceiver.mid === mid)?.transceiver.receiver ?? null;
  }

  /** Keep packets back for this long, ms, all lines alike (lip sync); null: as the browser thinks. */
  setJitterTarget(milliseconds: number | null): void {
    for (const { transceiver } of this.#lines) {
      const { receiver } = transceiver;
      if ("jitterBufferTarget" in receiver && receiver.jitterBufferTarget !== milliseconds)
        receiver.jitterBufferTarget = milliseconds;
    }
  }

  #add(kinds: readonly ("audio" | "video")[]): void {
    const pair = this.#nextPair++;
    for (const kind of kinds) {
      const transceiver = this.#pc.addTransceiver(kind, { direction: "recvonly" });
      preferCodecs(transceiver, kind, this.#encryption !== null);
      this.#encryption?.receive(transceiver.receiver);
      const stream = new MediaStream([transceiver.receiver.track]);
      this.#lines.push({ transceiver, stream, kind, pair });
    }
  }
}
