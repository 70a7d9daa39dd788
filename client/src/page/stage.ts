/** The tiles of a call and where they are. */
import type { RemotePeer } from "../lib/index.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import { arrange } from "./layout.ts";
import { remoteContent, Tile, type TileContent } from "./tile.ts";
import type { ViewWatch } from "./view-watch.ts";

export class Stage {
  readonly element = h("section", { class: "stage", "aria-label": t("call.participants") });
  readonly #self = new Tile("self");
  readonly #tiles = new Map<string, Tile>();
  readonly #view: ViewWatch;
  readonly #moderate: ((peer: string) => void) | undefined;
  readonly #observer = new ResizeObserver(() => this.#place());

  /** @param moderate called when a moderator wants to do something about a peer. */
  constructor(view: ViewWatch, moderate?: (peer: string) => void) {
    this.#view = view;
    this.#moderate = moderate;
    this.element.append(this.#self.element);
    this.#observer.observe(this.element);
  }

  update(self: TileContent, peers: readonly RemotePeer[]): void {
    this.#self.update(self);
    const present = new Set(peers.map(({ id }) => id));
    for (const [id, tile] of this.#tiles) if (!present.has(id)) this.#remove(id, tile);
    for (const peer of peers)
      (this.#tiles.get(peer.id) ?? this.#add(peer.id)).update(remoteContent(peer));
    this.#place();
  }

  /** Mark the tiles of those who speak. */
  speaking(peers: ReadonlySet<string>, self: boolean): void {
    this.#self.speaks(self);
    for (const [id, tile] of this.#tiles) tile.speaks(peers.has(id));
  }

  stop(): void {
    this.#observer.disconnect();
    for (const [id, tile] of this.#tiles) this.#remove(id, tile);
    this.#self.remove();
  }

  #add(peer: string): Tile {
    const moderate = this.#moderate;
    const tile = new Tile(peer, moderate && (() => moderate(peer)));
    this.#tiles.set(peer, tile);
    this.element.append(tile.element);
    this.#view.watch(tile.element, peer);
    return tile;
  }

  #remove(peer: string, tile: Tile): void {
    this.#view.unwatch(tile.element);
    this.#tiles.delete(peer);
    tile.remove();
  }

  /** The others first, oneself last. */
  #place(): void {
    const tiles = [...this.#tiles.values(), this.#self];
    const area = { width: this.element.clientWidth, height: this.element.clientHeight };
    const rects = arrange(
      area,
      tiles.map((tile) => tile.showsScreen),
    );
    tiles.forEach(({ element }, index) => {
      for (const [side, value] of Object.entries(rects[index] ?? {}))
        element.style.setProperty(side, `${Math.round(value)}px`);
    });
  }
}
