/** "Test my connection": what does it is loaded when the button is pressed. */
import type { ConnectionTestOptions } from "../lib/connection-test/index.ts";
import type { ConnectionView } from "./connection-view.ts";
import { h } from "./dom.ts";
import { errorMessage, t } from "./language.ts";

export class ConnectionCheck {
  readonly element: HTMLElement;
  readonly #options: () => ConnectionTestOptions;
  readonly #button: HTMLButtonElement;
  #view: ConnectionView | null = null;

  constructor(options: () => ConnectionTestOptions) {
    this.#options = options;
    this.#button = h(
      "button",
      { type: "button", class: "quiet", onclick: () => void this.#pressed() },
      t("lobby.test-connection"),
    );
    this.element = h("section", { class: "connection-check" }, this.#button);
  }

  stop(): void {
    this.#view?.stop();
  }

  async #pressed(): Promise<void> {
    if (!this.#view) {
      const loaded = await import("./connection-view.ts").catch(() => null);
      // Pressed twice, or left meanwhile.
      if (this.#view || !this.element.isConnected) return;
      if (!loaded) {
        this.element.append(h("p", { role: "status" }, errorMessage("server-unreachable")));
        return;
      }
      this.#view = new loaded.ConnectionView(this.#button, this.#options);
      this.element.append(this.#view.element);
    }
    this.#view.toggle();
  }
}
