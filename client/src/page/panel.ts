/** What opens beside the tiles, and never over the buttons: the chat, the people. */
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

export class Panel {
  readonly element: HTMLElement;
  protected readonly title: HTMLElement;

  constructor(id: string, title: string, closeLabel: string, close: () => void) {
    this.title = h("h2", { id: `${id}-title` }, title);
    this.element = h(
      "section",
      { id, class: `panel ${id}`, "aria-labelledby": this.title.id, hidden: true },
      h(
        "header",
        {},
        this.title,
        h(
          "button",
          {
            type: "button",
            class: "link",
            "aria-label": closeLabel,
            title: closeLabel,
            onclick: close,
          },
          icon("close"),
        ),
      ),
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      close();
    });
  }

  get shown(): boolean {
    return !this.element.hidden;
  }

  show(shown: boolean): void {
    this.element.hidden = !shown;
  }

  /** Where one goes on after opening it. */
  focus(): void {
    this.element.querySelector<HTMLElement>("button, input, textarea")?.focus();
  }
}
