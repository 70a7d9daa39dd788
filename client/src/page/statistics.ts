/** Where the statistics are; they are loaded when somebody wants to see them. */
import type { RoomClient } from "../lib/index.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import type { StatisticsPanel } from "./statistics/panel.ts";

const EVERY = 1_000;

export class Statistics {
  readonly element = h("section", { id: "statistics", class: "statistics", hidden: true });
  /** Called by its own button. */
  close: () => void = () => this.show(false);
  readonly #client: RoomClient;
  readonly #name: string;
  #panel: StatisticsPanel | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param name what this user is called. */
  constructor(client: RoomClient, name: string) {
    this.#client = client;
    this.#name = name;
    this.element.ariaLabel = t("call.statistics");
  }

  /** Say it in the page's language; what has been plotted stays. */
  translate(): void {
    this.element.ariaLabel = t("call.statistics");
    if (!this.#panel) return;
    this.#panel = this.#panel.translated();
    this.element.replaceChildren(this.#panel.element);
    if (this.shown) void this.#panel.update();
  }

  get shown(): boolean {
    return !this.element.hidden;
  }

  show(shown: boolean): void {
    if (shown === this.shown) return;
    this.element.hidden = !shown;
    this.#client.watchStatistics(shown);
    clearInterval(this.#timer);
    document.removeEventListener("keydown", this.#escape);
    if (!shown) return;
    document.addEventListener("keydown", this.#escape);
    this.#timer = setInterval(() => void this.#panel?.update(), EVERY);
    void this.#load();
  }

  stop(): void {
    this.show(false);
  }

  /** Wherever the focus is: it may be on a tile that lies below. */
  readonly #escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (document.querySelector("dialog[open], :popover-open, .panel :focus")) return;
    event.preventDefault();
    this.close();
  };

  async #load(): Promise<void> {
    const loaded = await import("./statistics/panel.ts").catch(() => null);
    if (!loaded) {
      this.element.textContent = t("error.server-unreachable");
      return;
    }
    this.#panel ??= new loaded.StatisticsPanel(this.#client, this.#name, () => this.close());
    this.element.replaceChildren(this.#panel.element);
    await this.#panel.update();
  }
}
