/**
 * What went wrong, one per code, with a way on: what its user has to see to as `role=alert`, which
 * interrupts; what gets well by itself as `role=status`, which waits until nobody speaks.
 */
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
/** What is mentioned stays this long, ms. */
const MENTIONED_FOR = 4_000;

export class Notices {
  readonly element: HTMLElement;
  /** Always there: what comes into it is read out, which a status that comes itself need not be. */
  readonly #calm = h("div", { class: "calm-notices", role: "status", "aria-atomic": "false" });
  /** How each one is drawn, in the page's language by then. */
  readonly #drawn = new Map<HTMLElement, () => HTMLElement>();
  #mentioned: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element = h("div", { class: "notices" }, this.#calm);
  }

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
    const attributes = { class: "notice", role: "alert", "data-code": code };
    const draw = () => this.#draw(attributes, waysOn, errorMessage(code, failure, parameters));
    this.#put(code, draw, this.element);
  }

  /** The same of what gets well by itself. While it says so already it is not read out again. */
  showCalmly(code: string, waysOn: readonly WayOn[] = [], failure: string | null = null): void {
    const attributes = { class: "notice calm", "data-code": code };
    const draw = () => this.#draw(attributes, waysOn, errorMessage(code, failure));
    const { textContent: text } = draw();
    const said = ({ dataset, textContent }: HTMLElement) =>
      dataset.code === code && textContent === text;
    if (![...this.#drawn.keys()].some(said)) this.#put(code, draw, this.#calm);
  }

  /** Say what is good to know, and let it go by itself. */
  mention(message: MessageKey): void {
    const attributes = { class: "notice calm", "data-code": message };
    this.#put(message, () => h("div", attributes, h("p", {}, t(message))), this.#calm);
    clearTimeout(this.#mentioned);
    this.#mentioned = setTimeout(() => this.clear(message), MENTIONED_FOR);
  }

  /** Say what is no trouble: heard once and not urgently, with the time that is left. */
  countDown(code: string, message: MessageKey): Countdown {
    const countdown = new Countdown();
    const draw = () =>
      h(
        "div",
        { class: "notice calm", "data-code": code },
        h("p", {}, t(message)),
        countdown.element,
        this.#dismissal(),
      );
    this.#put(code, draw, this.#calm);
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

  #put(code: string, draw: () => HTMLElement, where: HTMLElement): void {
    this.clear(code);
    const notice = draw();
    this.#drawn.set(notice, draw);
    where.append(notice);
    for (const [oldest] of this.#drawn) if (this.#drawn.size > MOST_NOTICES) this.#remove(oldest);
  }

  #draw(
    attributes: Readonly<Record<string, string>>,
    waysOn: readonly WayOn[],
    message: string,
  ): HTMLElement {
    const buttons = waysOn.map(({ label, act }) =>
      h("button", { type: "button", class: "quiet", onclick: act }, t(label)),
    );
    return h(
      "div",
      attributes,
      h("p", {}, message),
      buttons.length > 0 && h("div", { class: "notice-ways" }, ...buttons),
      this.#dismissal(),
    );
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
      const all = [...this.element.querySelectorAll<HTMLElement>(".dismiss")];
      const place = all.indexOf(button);
      const gone = button.closest<HTMLElement>(".notice");
      if (gone) this.#remove(gone);
      (all[place + 1] ?? all[place - 1])?.focus();
    };
    return button;
  }
}
