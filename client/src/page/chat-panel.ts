/** The chat: what was written, and where one writes. */
import type { ChatMessage, Conversation, Secrecy, WrittenMessage } from "../lib/index.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { pageLanguage, t } from "./language.ts";
import { pieces } from "./links.ts";
import { Panel } from "./panel.ts";

/** Characters of a message (ChatText of the protocol). */
const LONGEST = 2_000;
/** What somebody writes within this of their last message stands below it, s. */
const TOGETHER = 120;
/** Pixels from the end within which one reads the newest, and goes on to. */
const NEAR_END = 40;

/** Whether `message` stands below the one before it without a name of its own. */
export function continues(
  message: Pick<ChatMessage, "peer" | "time">,
  before: Pick<ChatMessage, "peer" | "time"> | undefined,
): boolean {
  return before?.peer === message.peer && message.time - before.time < TOGETHER;
}

/** What is kept of it when it is drawn anew. */
export interface ChatKept {
  unread: number;
  draft: string;
  /** Where the cursor is in the draft, or what is selected of it. */
  selected: readonly [start: number, end: number];
  /** Pixels of the list above what is seen of it; null: one reads the newest. */
  above: number | null;
}

export class ChatPanel extends Panel {
  /** What came since somebody last looked. */
  unread = 0;
  readonly #conversation: Conversation;
  readonly #list = h("ol", { class: "messages", tabindex: "0", "aria-label": t("chat.messages") });
  readonly #empty = h("p", { class: "hint" }, t("chat.empty"));
  readonly #text = h("textarea", {
    name: "message",
    rows: "1",
    maxlength: String(LONGEST),
    "aria-label": t("chat.write"),
    placeholder: t("chat.write"),
    enterkeyhint: "send",
  });
  readonly #time = new Intl.DateTimeFormat(pageLanguage(), { hour: "2-digit", minute: "2-digit" });

  readonly #form: HTMLElement;
  readonly #readOnly = h("p", { class: "hint" }, t("chat.read-only"));

  constructor(conversation: Conversation, close: () => void) {
    super("chat", t("chat.title"), t("chat.close"), close);
    this.#conversation = conversation;
    const send = h(
      "button",
      { type: "submit", class: "round", "aria-label": t("chat.send"), title: t("chat.send") },
      icon("send"),
    );
    this.#form = h("form", { class: "composer" }, this.#text, send);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    this.element.append(this.#empty, this.#list, this.#form, this.#readOnly);
    this.update();
  }

  /** Whether this user has the right to write; what they have begun to is kept. */
  set writable(writable: boolean) {
    const writing = document.activeElement === this.#text;
    this.#form.hidden = !writable;
    this.#readOnly.hidden = writable;
    if (writing && !writable) this.#list.focus();
  }

  override focus(): void {
    (this.#form.hidden ? this.#list : this.#text).focus();
  }

  keep(): ChatKept {
    const { value, selectionStart, selectionEnd } = this.#text;
    return {
      unread: this.unread,
      draft: value,
      selected: [selectionStart, selectionEnd],
      above: this.#readsNewest ? null : this.#list.scrollTop,
    };
  }

  /** Go on where one was; to be called when it is in the page. */
  resume({ unread, draft, selected, above }: ChatKept): void {
    this.unread = unread;
    this.#text.value = draft;
    this.#text.setSelectionRange(...selected);
    this.#list.scrollTop = above ?? this.#list.scrollHeight;
  }

  override show(shown: boolean): void {
    super.show(shown);
    if (!shown) return;
    this.unread = 0;
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** Draw what there is; who reads the newest goes on to read the newest. */
  update(): void {
    const { messages, unconfirmed, dropped } = this.#conversation;
    const list = this.#list;
    const following = this.#readsNewest;
    list.replaceChildren(
      ...(dropped > 0 ? [h("li", { class: "hint" }, t("chat.dropped"))] : []),
      ...messages.map((message, n) => this.#message(message, messages[n - 1])),
      ...unconfirmed.map((text) => this.#waiting(text)),
    );
    const none = messages.length + unconfirmed.length === 0;
    this.#empty.hidden = !none;
    list.hidden = none;
    if (following) list.scrollTop = list.scrollHeight;
  }

  get #readsNewest(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  #message(message: WrittenMessage, before: WrittenMessage | undefined): HTMLElement {
    const own = this.#conversation.isOwn(message);
    const time = new Date(message.time * 1_000);
    const head = h(
      "p",
      { class: continues(message, before) ? "visually-hidden" : "from" },
      h("strong", { dir: "auto" }, own ? t("call.you") : message.name),
      " ",
      h("time", { datetime: time.toISOString() }, this.#time.format(time)),
    );
    const note = noteOn(message.secrecy);
    const parts = message.secrecy === "unreadable" ? [] : [text(message.text)];
    if (note) parts.push(h("small", {}, note));
    return h("li", { "data-own": String(own), "data-secrecy": message.secrecy }, head, ...parts);
  }

  #waiting(waiting: string): HTMLElement {
    const note = h("small", {}, t("chat.sending"));
    return h("li", { "data-own": "true", class: "waiting" }, text(waiting), note);
  }

  #send(): void {
    if (!this.#conversation.write(this.#text.value)) return;
    this.#text.value = "";
    this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function noteOn(secrecy: Secrecy): string | null {
  if (secrecy === "unreadable") return t("chat.unreadable");
  return secrecy === "plain" ? t("chat.plain") : null;
}

function text(said: string): HTMLElement {
  const parts = pieces(said).map(({ text, href }) =>
    href === null
      ? text
      : h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow ugc" }, text),
  );
  return h("p", { class: "text", dir: "auto" }, ...parts);
}
