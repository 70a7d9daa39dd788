/** Asks for as much video as each tile can show, and no more. */
import type { Quality } from "../protocol.ts";

/** Tile heights, CSS px, up to which the lower encodings are enough. */
const LOW_UP_TO = 240;
const MEDIUM_UP_TO = 480;
/** A tile's size is asked for when it has not changed for this long, ms. */
const SETTLED_AFTER = 250;

export function qualityFor(height: number, hidden: boolean): Quality {
  if (hidden || height <= 0) return "off";
  if (height <= LOW_UP_TO) return "low";
  return height <= MEDIUM_UP_TO ? "medium" : "high";
}

/** Watches the tiles of peers and calls `prefer` once their sizes have settled. */
export class QualityWatch {
  readonly #prefer: (peer: string, quality: Quality) => void;
  readonly #heights = new Map<Element, { peer: string; height: number }>();
  readonly #observer = new ResizeObserver((entries) => this.#resized(entries));
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(prefer: (peer: string, quality: Quality) => void) {
    this.#prefer = prefer;
    document.addEventListener("visibilitychange", this.#later);
  }

  watch(tile: Element, peer: string): void {
    this.#heights.set(tile, { peer, height: 0 });
    this.#observer.observe(tile);
  }

  unwatch(tile: Element): void {
    this.#heights.delete(tile);
    this.#observer.unobserve(tile);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#later);
  }

  #resized(entries: readonly ResizeObserverEntry[]): void {
    for (const { target, contentRect } of entries) {
      const watched = this.#heights.get(target);
      if (watched) watched.height = contentRect.height;
    }
    this.#later();
  }

  readonly #later = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const { peer, height } of this.#heights.values())
        this.#prefer(peer, qualityFor(height, document.hidden));
    }, SETTLED_AFTER);
  };
}
