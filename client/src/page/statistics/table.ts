/** A row for each track: figures, and plots of those that matter through time. */
import { h } from "../dom.ts";
import { t } from "../language.ts";
import type { Line } from "./look.ts";
import { Plot } from "./plot.ts";
import { pace, type Stream } from "./streams.ts";
import { layer, milliseconds, NOTHING, picture, rate, share, standstill, who } from "./words.ts";

const COLUMNS = [
  "who",
  "rate",
  "loss",
  "picture",
  "layer",
  "codec",
  "round-trip",
  "standstill",
] as const;
/** The upper edge of a plot is at this or more: bits/s, and a part of the packets. */
const LEAST_RATE = 50_000;
const LEAST_LOSS = 0.05;

export class StreamTable {
  readonly element: HTMLElement;
  readonly #self: string;
  readonly #body = h("tbody");
  readonly #rows = new Map<string, Row>();
  readonly #former: ReadonlyMap<string, Row>;

  /**
   * @param self what this user is called.
   * @param former whose plots are gone on with.
   */
  constructor(self: string, former?: StreamTable) {
    this.#self = self;
    this.#former = former ? former.#rows : new Map();
    const heads = COLUMNS.map((column) => h("th", { scope: "col" }, t(`statistics.${column}`)));
    this.element = h(
      "table",
      { "aria-label": t("statistics.tracks") },
      h("thead", {}, h("tr", {}, ...heads)),
      this.#body,
    );
  }

  /** What is there stays where it is: somebody may be reading it. */
  update(lines: readonly Line[]): void {
    const present = new Set(lines.map(({ key }) => key));
    for (const [key, row] of this.#rows)
      if (!present.has(key)) {
        row.element.remove();
        this.#rows.delete(key);
      }
    lines.forEach((line, n) => {
      const row = this.#rows.get(line.key) ?? this.#add(line);
      row.update(line);
      const there = this.#body.children[n];
      if (there !== row.element) this.#body.insertBefore(row.element, there ?? null);
    });
  }

  /** As text, a line a row, cells with tabs between. */
  get text(): string[] {
    const head = COLUMNS.map((column) => t(`statistics.${column}`)).join("\t");
    return [head, ...[...this.#rows.values()].map(({ texts }) => texts.join("\t"))];
  }

  #add(line: Line): Row {
    const row = new Row(who(line, this.#self), this.#former.get(line.key)?.course);
    this.#rows.set(line.key, row);
    return row;
  }
}

/** How a track has been so far. */
class Course {
  readonly rate = new Plot(LEAST_RATE);
  readonly loss = new Plot(LEAST_LOSS);
  before: Stream | undefined;
}

class Row {
  readonly element: HTMLElement;
  readonly course: Course;
  readonly #name: string;
  readonly #cells = COLUMNS.slice(1).map(() => h("span"));

  constructor(name: string, course = new Course()) {
    this.#name = name;
    this.course = course;
    const plots = [course.rate.element, course.loss.element];
    this.element = h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      ...this.#cells.map((text, n) => h("td", {}, text, plots[n] ?? null)),
    );
  }

  get texts(): string[] {
    return [this.#name, ...this.#cells.map((cell) => cell.textContent ?? "")];
  }

  update(line: Line): void {
    const { stream } = line;
    const { course } = this;
    const now = pace(course.before, stream);
    course.before = stream;
    const texts = [
      rate(now.rate),
      share(now.loss),
      picture(stream),
      layer(line),
      stream.codec || NOTHING,
      milliseconds(stream.roundTrip),
      standstill(stream),
    ];
    texts.forEach((text, n) => {
      const cell = this.#cells[n];
      if (cell && cell.textContent !== text) cell.textContent = text;
    });
    course.rate.add(now.rate, (least, most) => lastMinute(rate(least), rate(most)));
    course.loss.add(now.loss, (least, most) => lastMinute(share(least), share(most)));
  }
}

/** What a plot shows, in words. */
export function lastMinute(least: string, most: string): string {
  return t("statistics.last-minute", { least, most });
}
