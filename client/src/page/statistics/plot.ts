/** A small plot of the last minute; what it shows is in its name as well. */

const SVG = "http://www.w3.org/2000/svg";
/** Values that are kept, one a second. */
export const KEPT = 60;
/** Of the drawing; it is stretched to its place. */
const HEIGHT = 20;

/** A figure through the last minute, the newest last; null: not known then. */
export class History {
  readonly values: (number | null)[] = [];

  add(value: number | null): void {
    this.values.push(value);
    if (this.values.length > KEPT) this.values.shift();
  }

  /** The least and the most of what is known. */
  get range(): [least: number, most: number] | null {
    const known = this.values.filter((value) => value !== null);
    return known.length > 0 ? [Math.min(...known), Math.max(...known)] : null;
  }
}

/**
 * The path (SVG 2, 9.3) through `values`, the newest at the right end.
 *
 * @param top what is at the upper edge.
 */
export function pathThrough(values: readonly (number | null)[], top: number): string {
  let drawn = "";
  let gap = true;
  values.forEach((value, n) => {
    if (value !== null) {
      const x = KEPT - values.length + n;
      const y = HEIGHT - 1 - (top > 0 ? Math.min(1, value / top) : 0) * (HEIGHT - 2);
      drawn += `${gap ? "M" : "L"}${x} ${Math.round(y * 10) / 10}`;
    }
    gap = value === null;
  });
  return drawn;
}

export class Plot {
  readonly element = document.createElementNS(SVG, "svg");
  readonly history = new History();
  readonly #path = document.createElementNS(SVG, "path");
  readonly #least: number;

  /** @param least the upper edge is at this or more: what is hardly anything looks so. */
  constructor(least: number) {
    this.#least = least;
    this.element.setAttribute("viewBox", `0 0 ${KEPT - 1} ${HEIGHT}`);
    this.element.setAttribute("preserveAspectRatio", "none");
    this.element.setAttribute("role", "img");
    this.element.classList.add("plot");
    this.element.append(this.#path);
  }

  /** @param name what it shows, in words. */
  add(value: number | null, name: (least: number, most: number) => string): void {
    this.history.add(value);
    const { range, values } = this.history;
    this.#path.setAttribute("d", pathThrough(values, Math.max(this.#least, range?.[1] ?? 0)));
    this.element.ariaLabel = range ? name(...range) : name(0, 0);
  }
}
