/** One panel at a time beside the tiles; the focus goes into it, and back where it was. */
import type { Panel } from "./panel.ts";

export type PanelName = "chat" | "people";

export class SidePanels {
  readonly #panels: Readonly<Record<PanelName, Panel>>;
  readonly #changed: () => void;
  readonly #button: (panel: PanelName) => HTMLElement;
  /** What has the focus again when the panel is closed. */
  #opener: Element | null = null;

  /**
   * @param changed is told when another one is shown, or none.
   * @param button finds what opens a panel.
   */
  constructor(
    panels: Readonly<Record<PanelName, Panel>>,
    changed: () => void,
    button: (panel: PanelName) => HTMLElement,
  ) {
    this.#panels = panels;
    this.#changed = changed;
    this.#button = button;
  }

  get shown(): PanelName | null {
    const { chat, people } = this.#panels;
    return chat.shown ? "chat" : people.shown ? "people" : null;
  }

  toggle(panel: PanelName): void {
    if (this.shown === panel) this.close();
    else {
      const active = document.activeElement;
      if (!active?.closest(".panel")) this.#opener = active;
      this.show(panel);
      this.#panels[panel].focus();
    }
  }

  close(): void {
    const before = this.shown;
    if (!before) return;
    this.show(null);
    // It may be in a menu that has closed, or the page itself: a key has opened the panel.
    const opener = this.#opener instanceof HTMLElement ? this.#opener : document.body;
    const there = opener.matches("button") && opener.checkVisibility();
    (there ? opener : this.#button(before)).focus();
  }

  /** Show one of them, or none; the focus stays where it is. */
  show(shown: PanelName | null): void {
    for (const [name, panel] of Object.entries(this.#panels)) panel.show(name === shown);
    this.#changed();
  }
}
