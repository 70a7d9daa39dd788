/** Short words about what happens ("Ada joined"), shown or only read out, however much happens. */
import { h } from "./dom.ts";
import { t } from "./language.ts";

/** They stay this long, ms. */
const SHOWN_FOR = 4_000;
/** Between two changes, ms: what comes meanwhile is said together, so that nobody is flooded. */
const APART = 1_500;

/** What is said of several at once. */
export function together(words: readonly string[]): string {
  const [first = "", ...rest] = words;
  if (rest.length === 0) return first;
  return t("call.many", { first, count: String(rest.length) });
}

export class Words {
  readonly element: HTMLElement;
  #waiting: string[] = [];
  #next: ReturnType<typeof setTimeout> | undefined;
  #clear: ReturnType<typeof setTimeout> | undefined;

  /** @param hidden for screen readers alone: what is said can be seen elsewhere. */
  constructor({ hidden = false }: { hidden?: boolean } = {}) {
    this.element = h("p", { class: hidden ? "visually-hidden" : "words", role: "status" });
  }

  say(words: string): void {
    this.#waiting.push(words);
    if (this.#next === undefined) this.#say();
  }

  stop(): void {
    clearTimeout(this.#next);
    clearTimeout(this.#clear);
  }

  #say(): void {
    this.#next = undefined;
    if (this.#waiting.length === 0) return;
    this.element.textContent = together(this.#waiting);
    this.#waiting = [];
    this.#next = setTimeout(() => this.#say(), APART);
    clearTimeout(this.#clear);
    this.#clear = setTimeout(() => {
      this.element.textContent = "";
    }, SHOWN_FOR);
  }
}
