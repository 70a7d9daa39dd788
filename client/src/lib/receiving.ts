/** The receiving m-lines: pairs of `recvonly` transceivers, each pair one MediaStream. */
import type { SlotLine } from "../protocol.ts";
import { preferCodecs } from "./codecs.ts";
import { SCREEN_AUDIO_PAIRS } from "./slots.ts";

interface Line {
  transceiver: RTCRtpTransceiver;
  kind: "audio" | "video";
  pair: number;
}

export class ReceivingLines {
  readonly #pc: RTCPeerConnection;
  readonly #lines: Line[] = [];
  readonly #streams: MediaStream[] = [];
  #fullPairs = 0;

  constructor(pc: RTCPeerConnection) {
    this.#pc = pc;
  }

  /** Pairs that have both audio and video. */
  get pairs(): number {
    return this.#fullPairs;
  }

  /** Add transceivers until there are `pairs` full pairs; the next offer negotiates them. */
  grow(pairs: number): void {
    const first = this.#streams.length === 0;
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

  /** The stream of the pair that `mid` is part of: both of its tracks, for one media element. */
  stream(mid: string): MediaStream | null {
    const line = this.#lines.find(({ transceiver }) => transceiver.mid === mid);
    return (line && this.#streams[line.pair]) ?? null;
  }

  #add(kinds: readonly ("audio" | "video")[]): void {
    const pair = this.#streams.length;
    const stream = new MediaStream();
    for (const kind of kinds) {
      const transceiver = this.#pc.addTransceiver(kind, { direction: "recvonly" });
      preferCodecs(transceiver, kind);
      stream.addTrack(transceiver.receiver.track);
      this.#lines.push({ transceiver, kind, pair });
    }
    this.#streams.push(stream);
  }
}
