/** What went wrong, said where it is heard: `role=alert`, one per code, with a way on. */
import { Countdown } from "./countdown.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { errorMessage, t } from "./language.ts";

export interface WayOn {
  label: string;
  act: () => void;
}

/** At most this many at once; the oldest goes. */
const MOST_NOTICES = 3;

export class Notices {
  readonly element = h("div", { class: "notices" });

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
    this.clear(code);
    const buttons = waysOn.map(({ label, act }) =>
      h("button", { type: "button", class: "quiet", onclick: act }, label),
    );
    const notice: HTMLElement = h(
      "div",
      { class: "notice", role: "alert", "data-code": code },
      h("p", {}, errorMessage(code, failure, parameters)),
      buttons.length > 0 && h("div", { class: "notice-ways" }, ...buttons),
      this.#dismissal(() => notice),
    );
    this.element.append(notice);
    while (this.element.childElementCount > MOST_NOTICES) this.element.firstElementChild?.remove();
  }

  /** Say what is no trouble: heard once and not urgently, with the time that is left. */
  countDown(code: string, message: string): Countdown {
    this.clear(code);
    const countdown = new Countdown();
    const notice: HTMLElement = h(
      "div",
      { class: "notice calm", "data-code": code },
      h("p", { role: "status" }, message),
      countdown.element,
      this.#dismissal(() => notice),
    );
    this.element.append(notice);
    return countdown;
  }

  /** The focus goes on to the next one, if there is one. */
  #dismissal(notice: () => Element): HTMLElement {
    const label = t("notice.dismiss");
    const dismiss = () => {
      const gone = notice();
      const next = gone.nextElementSibling ?? gone.previousElementSibling;
      gone.remove();
      next?.querySelector<HTMLElement>(".dismiss")?.focus();
    };
    return h(
      "button",
      { type: "button", class: "dismiss", "aria-label": label, onclick: dismiss },
      icon("close"),
    );
  }

  /** Take the notice of `code` away, or all. */
  clear(code?: string): void {
    for (const notice of [...this.element.children])
      if (code === undefined || (notice as HTMLElement).dataset.code === code) notice.remove();
  }
}
