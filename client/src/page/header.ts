/** The line above the tiles: the room, its link, whether it is locked or encrypted, and short
 * words. */
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import type { Statistics } from "./statistics.ts";
import { Words } from "./words.ts";

export class CallHeader {
  readonly element: HTMLElement;
  readonly words = new Words();
  readonly #statistics: Statistics;
  readonly #figures: HTMLButtonElement;
  readonly #room: HTMLElement;
  readonly #locked = h(
    "span",
    { class: "mark", role: "img", "aria-label": t("people.locked"), title: t("people.locked") },
    icon("lock"),
  );

  /** @param encrypted whether the server cannot see or hear the call. */
  constructor(room: string, statistics: Statistics, encrypted: boolean) {
    this.#statistics = statistics;
    statistics.close = () => {
      this.toggleStatistics();
      this.#figures.focus();
    };
    this.#room = h("h1", { tabindex: "-1" }, room);
    const link = button("link", t("call.copy-link"), () => void this.#copyLink());
    this.#figures = button("statistics", t("call.statistics"), () => this.toggleStatistics());
    this.#figures.setAttribute("aria-controls", statistics.element.id);
    this.#figures.ariaExpanded = String(statistics.shown);
    this.element = h(
      "header",
      { class: "bar" },
      this.#room,
      encrypted && encryptedMark(),
      this.#locked,
      link,
      this.#figures,
      this.words.element,
    );
  }

  focus(): void {
    this.#room.focus();
  }

  /** One is in another room now. */
  moved(room: string): void {
    this.#room.textContent = room;
  }

  update(locked: boolean): void {
    this.#locked.hidden = !locked;
  }

  toggleStatistics(): void {
    this.#statistics.show(!this.#statistics.shown);
    this.#figures.ariaExpanded = String(this.#statistics.shown);
  }

  async #copyLink(): Promise<void> {
    const url = location.origin + location.pathname + location.hash;
    try {
      await navigator.clipboard.writeText(url);
      this.words.say(t("call.link-copied"));
    } catch {
      // No clipboard here: show what was to be copied.
      this.words.say(url);
    }
  }
}

function encryptedMark(): HTMLElement {
  const name = t("call.encrypted");
  const mark = { class: "encrypted", role: "img", title: name, "aria-label": name };
  return h("span", mark, icon("encrypted"));
}

function button(name: "link" | "statistics", label: string, press: () => void): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: "link", title: label, "aria-label": label, onclick: press },
    icon(name),
  );
}
