/** Watches what of the tiles can be seen, so that nobody sends more than that. */
import type { RoomView, Tile } from "../lib/index.ts";

/** What is known of an element. */
export interface Seen {
  peer: string;
  /** It is the camera beside the peer's screen. */
  source?: "camera";
  /** CSS pixels. */
  width: number;
  height: number;
  /** Whether some of it is inside the window. */
  visible: boolean;
  /** Its viewer wants it before all others. */
  pinned?: boolean;
}

/** A tile is said to be smaller, or gone, when it has been for this long, ms. */
const SETTLED_AFTER = 250;
/** Sizes are rounded up to this, device px: a window being dragged is not a message a pixel. */
const STEP = 16;

/** What to say of `seen` on a screen of `ratio` device pixels for each CSS pixel. */
export function roomView(seen: Iterable<Seen>, ratio: number, hidden: boolean): RoomView {
  const pixels = (length: number) => Math.ceil((length * ratio) / STEP) * STEP;
  const tiles: Tile[] = [];
  for (const { peer, source, width, height, visible, pinned } of seen)
    tiles.push({
      peer,
      width: pixels(width),
      height: pixels(height),
      visible,
      ...(pinned && { pinned }),
      ...(source && { source }),
    });
  return { tiles, hidden };
}

/** Whether `now` shows more than `before`: then nobody shall wait for it. */
export function showsMore(before: RoomView, now: RoomView): boolean {
  if (before.hidden && !now.hidden) return true;
  const key = ({ peer, source }: Tile) => `${peer} ${source ?? ""}`;
  const former = new Map(before.tiles.map((tile) => [key(tile), tile]));
  return now.tiles.some((each) => {
    const tile = former.get(key(each));
    return each.visible && (!tile?.visible || (each.height ?? 0) > 2 * (tile.height ?? 0));
  });
}

export class ViewWatch {
  readonly #say: (view: RoomView) => void;
  readonly #seen = new Map<Element, Seen>();
  readonly #sizes = new ResizeObserver((entries) => this.#resized(entries));
  readonly #window = new IntersectionObserver((entries) => this.#moved(entries));
  #said: RoomView = { tiles: [], hidden: false };
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(say: (view: RoomView) => void) {
    this.#say = say;
    document.addEventListener("visibilitychange", this.#changed);
  }

  /** @param source "camera": it is the one beside the peer's screen. */
  watch(tile: Element, peer: string, source?: "camera"): void {
    const seen: Seen = { peer, width: 0, height: 0, visible: false };
    this.#seen.set(tile, source ? { ...seen, source } : seen);
    this.#sizes.observe(tile);
    this.#window.observe(tile);
  }

  unwatch(tile: Element): void {
    this.#seen.delete(tile);
    this.#sizes.unobserve(tile);
    this.#window.unobserve(tile);
    this.#changed();
  }

  /** These and no others are pinned. */
  pin(peers: ReadonlySet<string>): void {
    for (const seen of this.#seen.values()) seen.pinned = !seen.source && peers.has(seen.peer);
    this.#changed();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
    this.#window.disconnect();
    document.removeEventListener("visibilitychange", this.#changed);
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    for (const { target, contentRect } of entries) {
      const seen = this.#seen.get(target);
      if (seen) ({ width: seen.width, height: seen.height } = contentRect);
    }
    this.#changed();
  }

  #moved(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const seen = this.#seen.get(target);
      if (seen) seen.visible = isIntersecting;
    }
    this.#changed();
  }

  readonly #changed = (): void => {
    clearTimeout(this.#timer);
    const view = roomView(this.#seen.values(), devicePixelRatio, document.hidden);
    const say = () => {
      this.#said = view;
      this.#say(view);
    };
    if (showsMore(this.#said, view)) say();
    else this.#timer = setTimeout(say, SETTLED_AFTER);
  };
}
