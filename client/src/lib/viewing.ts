/** What of the room is on the user's screen, as the server is told. Pure. */
import type { Tile, View } from "../protocol.ts";

export interface RoomView {
  /**
   * The peers' tiles, in device pixels. A peer without one is taken for shown. One with the `source`
   * "camera" asks for `RemotePeer.camera`, besides the one of the peer's stage.
   */
  tiles: readonly Tile[];
  /** The page cannot be seen at all. */
  hidden: boolean;
}

export class Viewing {
  #view: RoomView = { tiles: [], hidden: false };
  #statistics = false;

  /** False: that is what it was before. */
  set(view: RoomView): boolean {
    if (JSON.stringify(view) === JSON.stringify(this.#view)) return false;
    this.#view = view;
    return true;
  }

  /** Somebody looks at figures. False: that is what it was before. */
  watchStatistics(on: boolean): boolean {
    if (this.#statistics === on) return false;
    this.#statistics = on;
    return true;
  }

  /** Whether a new session has to be told. */
  get said(): boolean {
    return this.#view.tiles.length > 0 || this.#view.hidden || this.#statistics;
  }

  /** @param there whether a peer is in the room: it may have left since the layout. */
  message(there: (peer: string) => boolean): Omit<View, "type"> {
    const { tiles, hidden } = this.#view;
    const statistics = this.#statistics;
    return { tiles: tiles.filter(({ peer }) => there(peer)), hidden, statistics };
  }
}
