/** The statistics of a call: the way media takes, a row for each track, and a report to send. */
import { version } from "../../../package.json";
import type { RoomClient } from "../../lib/index.ts";
import { h } from "../dom.ts";
import { icon } from "../icons.ts";
import { t } from "../language.ts";
import { type Look, look } from "./look.ts";
import { Plot } from "./plot.ts";
import { reportText } from "./report.ts";
import { lastMinute, StreamTable } from "./table.ts";
import { milliseconds, NOTHING, rate, way } from "./words.ts";

/** The upper edge of the round trip's plot is at this or more, s. */
const LEAST_ROUND_TRIP = 0.1;

const FACTS = [
  "statistics.path",
  "statistics.round-trip",
  "statistics.outgoing",
  "statistics.estimate",
] as const;

export class StatisticsPanel {
  readonly element: HTMLElement;
  readonly #client: RoomClient;
  readonly #self: string;
  readonly #close: () => void;
  readonly #table: StreamTable;
  readonly #roundTrip: Plot;
  readonly #facts = FACTS.map(() => h("span", {}, NOTHING));
  /** Said when the report is copied; where it cannot be, `#byHand` has it. */
  readonly #said = h("p", { class: "hint", role: "status" });
  readonly #byHand = h("textarea", {
    name: "report",
    readonly: true,
    rows: "4",
    hidden: true,
    "aria-label": t("statistics.report"),
  });

  /**
   * @param self what this user is called.
   * @param former is gone on with, in the page's language.
   */
  constructor(client: RoomClient, self: string, close: () => void, former?: StatisticsPanel) {
    this.#client = client;
    this.#self = self;
    this.#close = close;
    this.#table = new StreamTable(self, former ? former.#table : undefined);
    this.#roundTrip = former ? former.#roundTrip : new Plot(LEAST_ROUND_TRIP);
    const closing = t("statistics.close");
    this.element = h(
      "div",
      { class: "statistics-panel" },
      h(
        "header",
        {},
        h("h2", {}, t("call.statistics")),
        h(
          "button",
          { type: "button", class: "quiet copy", onclick: () => void this.copy() },
          t("statistics.copy"),
        ),
        h(
          "button",
          { type: "button", class: "link", title: closing, "aria-label": closing, onclick: close },
          icon("close"),
        ),
      ),
      this.#said,
      this.#byHand,
      h("dl", { class: "facts" }, ...this.#pairs()),
      // It may be wider than the window: then it is scrolled, by keys as well.
      h(
        "div",
        { class: "scrolled", tabindex: "0", role: "group", "aria-label": t("statistics.tracks") },
        this.#table.element,
      ),
    );
  }

  /** The same in the page's language by now. */
  translated(): StatisticsPanel {
    return new StatisticsPanel(this.#client, this.#self, this.#close, this);
  }

  /** Look once more. */
  async update(): Promise<void> {
    const now = await look(this.#client);
    if (!now) return;
    this.#table.update(now.lines);
    factsOf(now).forEach((fact, n) => {
      const shown = this.#facts[n];
      if (shown && shown.textContent !== fact) shown.textContent = fact;
    });
    this.#roundTrip.add(now.path?.roundTrip ?? null, (least, most) =>
      lastMinute(milliseconds(least), milliseconds(most)),
    );
  }

  /** Put the report where it can be pasted from. */
  async copy(): Promise<void> {
    const text = this.report();
    try {
      await navigator.clipboard.writeText(text);
      this.#byHand.hidden = true;
      this.#said.textContent = t("statistics.copied");
    } catch {
      this.#byHand.value = text;
      this.#byHand.hidden = false;
      this.#byHand.select();
      this.#said.textContent = t("statistics.copy-by-hand");
    }
  }

  report(): string {
    const { self, state, peers, encrypted } = this.#client;
    return reportText({
      version,
      at: new Date(),
      browser: navigator.userAgent,
      languages: navigator.languages,
      window: { width: innerWidth, height: innerHeight, ratio: devicePixelRatio },
      peer: self,
      state,
      peers: peers.length,
      encrypted,
      path: FACTS.map((fact, n) => `${t(fact)}: ${this.#facts[n]?.textContent ?? ""}`),
      tracks: this.#table.text,
    });
  }

  #pairs(): HTMLElement[] {
    return FACTS.map((fact, n) => {
      const plot = fact === "statistics.round-trip" && this.#roundTrip.element;
      return h("div", {}, h("dt", {}, t(fact)), h("dd", {}, this.#facts[n] ?? null, plot));
    });
  }
}

/** In the order of `FACTS`. */
function factsOf({ path, estimate }: Look): string[] {
  return [
    path ? way(path) : NOTHING,
    milliseconds(path?.roundTrip ?? null),
    rate(path?.outgoing ?? null),
    estimate === null ? t("statistics.unknown") : rate(estimate),
  ];
}
