/** Which slot shows whom, as a server without limits maps them: everybody, in the order they came. */
import type { SlotLine, SlotShows, SlotState, Source } from "../protocol.ts";
import type { FakePeer } from "./fake-peer.ts";

export class FakeSlots {
  #lines: readonly SlotLine[] = [];
  #shown = new Map<string, string>();
  /** The peers whose camera the client wants beside their screen. */
  beside: readonly string[] = [];

  /** Those of the newest offer: it has all of them. */
  offered(lines: readonly SlotLine[]): void {
    this.#lines = lines;
  }

  map(peers: readonly FakePeer[]): SlotState[] {
    const videos = this.#lines.filter(({ kind }) => kind === "video");
    const paired = new Set(videos.map(({ pair }) => pair));
    const audios = this.#lines.filter(({ kind, pair }) => kind === "audio" && paired.has(pair));
    const single = this.#lines.filter(({ pair }) => !paired.has(pair));
    const states: SlotState[] = [];
    const put = (line: SlotLine | undefined, peer: FakePeer, source: Source) => {
      if (line && peer.publishes(source)) states.push({ mid: line.mid, peer: peer.id, source });
    };
    peers.forEach((peer, n) => {
      put(audios[n], peer, "microphone");
      put(videos[n], peer, peer.publishes("screen") ? "screen" : "camera");
    });
    peers
      .filter((peer) => this.beside.includes(peer.id) && peer.publishes("screen"))
      .forEach((peer, n) => {
        put(videos[peers.length + n], peer, "camera");
      });
    peers
      .filter((peer) => peer.publishes("screen-audio"))
      .forEach((peer, n) => {
        put(single[n], peer, "screen-audio");
      });
    return states;
  }

  /** What is shown that was not, or by somebody else, before. */
  shows(states: readonly SlotState[]): SlotShows[] {
    const before = this.#shown;
    this.#shown = new Map(states.map(({ mid, peer, source }) => [mid, `${peer} ${source}`]));
    return states.flatMap(({ mid, peer, source }) =>
      peer === null || source === null || before.get(mid) === this.#shown.get(mid)
        ? []
        : [{ type: "slot-shows", mid, peer, source, rid: source === "camera" ? "h" : "" }],
    );
  }

  /** Another session has other lines. */
  forget(): void {
    this.#lines = [];
    this.#shown = new Map();
    this.beside = [];
  }
}
