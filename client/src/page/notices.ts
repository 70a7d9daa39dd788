/** What went wrong, said where it is heard: `role=alert`, one per code, with a way on. */
import { Countdown } from "./countdown.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { errorMessage, t } from "./language.ts";
import type { MessageKey } from "./messages/en.ts";

export interface WayOn {
  label: MessageKey;
  act: () => void;
}

/** At most this many at once; the oldest goes. */
const MOST_NOTICES = 3;

export class Notices {
  readonly element = h("div", { class: "notices" });
  /** How each one is drawn, in the page's language by then. */
  readonly #drawn = new Map<HTMLElement, () => HTMLElement>();

  /**
   * Show the message of `code`; again for the same code replaces it.
   *
   * @param failure under which the server's operator finds what happened.
   * @param parameters for the message.
   */
  show(
    code: string,
    waysOn: readonly WayOn[] = [],
    failure: string | null = null,
    parameters: Readonly<Record<string, string>> = {},
  ): void {
    this.#put(code, () => {
      const buttons = waysOn.map(({ label, act }) =>
        h("button", { type: "button", class: "quiet", onclick: act }, t(label)),
      );
      return h(
        "div",
        { class: "notice", role: "alert", "data-code": code },
        h("p", {}, errorMessage(code, failure, parameters)),
        buttons.length > 0 && h("div", { class: "notice-ways" }, ...buttons),
        this.#dismissal(),
      );
    });
    for (const [oldest] of this.#drawn) if (this.#drawn.size > MOST_NOTICES) this.#remove(oldest);
  }

  /** Say what is no trouble: heard once and not urgently, with the time that is left. */
  countDown(code: string, message: MessageKey): Countdown {
    const countdown = new Countdown();
    this.#put(code, () =>
      h(
        "div",
        { class: "notice calm", "data-code": code },
        h("p", { role: "status" }, t(message)),
        countdown.element,
        this.#dismissal(),
      ),
    );
    return countdown;
  }

  /** Say in the page's language what is said in another one. */
  translate(): void {
    for (const [notice, draw] of [...this.#drawn]) {
      this.#drawn.delete(notice);
      const translated = draw();
      this.#drawn.set(translated, draw);
      notice.replaceWith(translated);
    }
  }

  /** Take the notice of `code` away, or all. */
  clear(code?: string): void {
    for (const notice of this.#drawn.keys())
      if (code === undefined || notice.dataset.code === code) this.#remove(notice);
  }

  #put(code: string, draw: () => HTMLElement): void {
    this.clear(code);
    const notice = draw();
    this.#drawn.set(notice, draw);
    this.element.append(notice);
  }

  #remove(notice: HTMLElement): void {
    this.#drawn.delete(notice);
    notice.remove();
  }

  /** The focus goes on to the next one, if there is one. */
  #dismissal(): HTMLElement {
    const label = t("notice.dismiss");
    const button: HTMLElement = h(
      "button",
      { type: "button", class: "dismiss", "aria-label": label, onclick: () => dismiss() },
      icon("close"),
    );
    const dismiss = () => {
      const gone = button.closest<HTMLElement>(".notice");
      const next = gone?.nextElementSibling ?? gone?.previousElementSibling;
      if (gone) this.#remove(gone);
      next?.querySelector<HTMLElement>(".dismiss")?.focus();
    };
    return button;
  }
}
