/** The tiles of a call and where they are. */

import type { PeerReaction, RemotePeer } from "../lib/index.ts";
import { h } from "./dom.ts";
import type { Grade } from "./grade/grader.ts";
import { t } from "./language.ts";
import { arrange } from "./layout.ts";
import { PresenterTile, presentsOnCamera } from "./presenter-tile.ts";
import { spotlight, type ViewMode } from "./spotlight.ts";
import { remoteContent, Tile, type TileContent } from "./tile.ts";
import type { ViewWatch } from "./view-watch.ts";

export class Stage {
  readonly element = h("section", { class: "stage" });
  readonly #self: Tile;
  readonly #tiles = new Map<string, Tile>();
  /** Beside the screens of those who present. */
  readonly #presenters = new Map<string, PresenterTile>();
  readonly #view: ViewWatch;
  readonly #pin: (tile: string) => void;
  readonly #moderate: (peer: string) => void;
  readonly #observer = new ResizeObserver(() => this.#place());
  readonly #pins = new Set<string>();
  #moderated = false;
  #mode: ViewMode = "grid";
  /** The dominant speaker first, then who spoke last. */
  #speakers: readonly string[] = [];

  /**
   * @param pinned is told when what is pinned has changed.
   * @param moderate called when a moderator wants to do something about a peer.
   */
  constructor(view: ViewWatch, pinned: () => void, moderate: (peer: string) => void) {
    this.#view = view;
    this.#moderate = moderate;
    this.#pin = (tile) => {
      this.pin(tile);
      pinned();
    };
    this.#self = new Tile("self", () => this.#pin("self"), null);
    this.element.append(this.#self.element);
    this.translate();
    this.#observer.observe(this.element);
  }

  /** Name everything in the page's language; what is shown goes on. */
  translate(): void {
    this.element.ariaLabel = t("call.participants");
    for (const tile of [this.#self, ...this.#tiles.values()]) tile.translate();
  }

  /** Whether this user is a moderator. */
  set moderated(moderated: boolean) {
    this.#moderated = moderated;
    for (const tile of this.#tiles.values()) tile.moderated = moderated;
  }

  /** Something to press on one's own tile. */
  offer(action: HTMLElement): void {
    this.#self.offer(action);
  }

  get mode(): ViewMode {
    return this.#mode;
  }

  set mode(mode: ViewMode) {
    this.#mode = mode;
    this.#place();
  }

  /** @param tile a peer's id, or "self". */
  isPinned(tile: string): boolean {
    return this.#pins.has(tile);
  }

  /** Pin a tile, or not any more; several may be. */
  pin(tile: string): void {
    if (!this.#pins.delete(tile)) this.#pins.add(tile);
    this.#tile(tile)?.pinned(this.#pins.has(tile));
    this.#view.pin(this.#pins);
    this.#place();
  }

  /** @param presenters who presents is to be seen beside their screen. */
  update(self: TileContent, peers: readonly RemotePeer[], presenters: boolean): void {
    this.#self.update(self);
    const present = new Set(peers.map(({ id }) => id));
    for (const [id, tile] of this.#tiles) if (!present.has(id)) this.#remove(id, tile);
    for (const peer of peers) {
      const tile = this.#tiles.get(peer.id) ?? this.#add(peer.id);
      tile.update(remoteContent(peer));
      if (presenters && presentsOnCamera(peer)) this.#seat(tile, peer);
      else this.#unseat(peer.id);
    }
    this.#place();
  }

  /** Mark the tiles of those who speak; `recent` has who is to be seen in the speaker view. */
  speaking(peers: ReadonlySet<string>, self: boolean, recent: readonly string[]): void {
    this.#self.speaks(self);
    for (const [id, tile] of this.#tiles) tile.speaks(peers.has(id));
    for (const [id, tile] of this.#presenters) tile.speaks(peers.has(id));
    this.#speakers = recent;
    if (this.#mode === "speaker") this.#place();
  }

  /** Mark whose media does not get through well. @param grades by tile, the good left out. */
  connections(grades: ReadonlyMap<string, Grade>): void {
    this.#self.connection = grades.get("self") ?? "good";
    for (const [id, tile] of this.#tiles) tile.connection = grades.get(id) ?? "good";
  }

  /** @param own this client's peer id. */
  hands(raised: readonly string[], own: string | null): void {
    this.#self.raises(own !== null && raised.includes(own));
    for (const [id, tile] of this.#tiles) tile.raises(raised.includes(id));
  }

  react({ peer, reaction }: PeerReaction, own: string | null): void {
    this.#tile(peer === own ? "self" : peer)?.react(reaction);
  }

  /** The video of the largest tile that shows one, of somebody else if possible. */
  get mainVideo(): HTMLVideoElement | null {
    const area = ({ element }: Tile) => element.clientWidth * element.clientHeight;
    const showing = [...this.#tiles.values(), this.#self].filter(
      ({ element, video }) => element.dataset.source !== "none" && video.readyState > 0,
    );
    return showing.sort((a, b) => area(b) - area(a))[0]?.video ?? null;
  }

  stop(): void {
    this.#observer.disconnect();
    for (const [id, tile] of this.#tiles) this.#remove(id, tile);
    this.#self.remove();
  }

  #tile(id: string): Tile | undefined {
    return id === "self" ? this.#self : this.#tiles.get(id);
  }

  #add(peer: string): Tile {
    const pin = () => this.#pin(peer);
    const tile = new Tile(peer, pin, () => this.#moderate(peer));
    tile.moderated = this.#moderated;
    this.#tiles.set(peer, tile);
    this.element.append(tile.element);
    this.#view.watch(tile.element, peer);
    return tile;
  }

  /** A presenter, right behind its screen for who reads the page from top to bottom. */
  #seat(screen: Tile, peer: RemotePeer): void {
    let tile = this.#presenters.get(peer.id);
    if (!tile) {
      tile = new PresenterTile();
      this.#presenters.set(peer.id, tile);
      screen.element.after(tile.element);
      this.#view.watch(tile.element, peer.id, "camera");
    }
    tile.update(peer);
  }

  #unseat(peer: string): void {
    const tile = this.#presenters.get(peer);
    if (!tile) return;
    this.#view.unwatch(tile.element);
    this.#presenters.delete(peer);
    tile.remove();
  }

  #remove(peer: string, tile: Tile): void {
    this.#unseat(peer);
    this.#view.unwatch(tile.element);
    this.#tiles.delete(peer);
    this.#pins.delete(peer);
    tile.remove();
  }

  /** The others first, oneself last. */
  #place(): void {
    const tiles = [...this.#tiles, ["self", this.#self] as const];
    const area = { width: this.element.clientWidth, height: this.element.clientHeight };
    const candidates = tiles.map(([id, { showsScreen }]) => ({ id, showsScreen }));
    const large = spotlight(candidates, this.#mode, this.#pins, this.#speakers);
    const placed = tiles.flatMap(([id, { element, showsScreen }], index) => {
      const own = { element, large: large[index] ?? false, screen: showsScreen };
      const presenter = this.#presenters.get(id)?.element;
      if (!presenter) return [own];
      presenter.hidden = !own.large;
      return own.large ? [own, { element: presenter, large: false, screen: false }] : [own];
    });
    const rects = arrange(
      area,
      placed.map((each) => each.large),
      placed.map((each) => each.screen),
    );
    placed.forEach(({ element }, index) => {
      for (const [side, value] of Object.entries(rects[index] ?? {}))
        element.style.setProperty(side, `${Math.round(value)}px`);
    });
  }
}
