/** The call's buttons. On a narrow window some of them are in the menu. */
import type { Reaction } from "../lib/index.ts";
import { h } from "./dom.ts";
import { type IconName, icon } from "./icons.ts";
import { t } from "./language.ts";
import { reactionMenu } from "./reactions.ts";

export interface ToolbarActions {
  share(): void;
  hand(): void;
  react(reaction: Reaction): void;
  panel(panel: "chat" | "people"): void;
  view(): void;
  fullScreen(): void;
  pictureInPicture(): void;
  settings(): void;
  leave(): void;
}

export interface ToolbarOffers {
  share: boolean;
  react: boolean;
  pictureInPicture: boolean;
  fullScreen: boolean;
}

export interface ToolbarState {
  sharing: boolean;
  handRaised: boolean;
  unread: number;
  panel: "chat" | "people" | null;
  speakerView: boolean;
}

const NARROW = "(max-width: 600px)";
const NOTHING = { share: false, react: false, pictureInPicture: false, fullScreen: false };

export class Toolbar {
  readonly element: HTMLElement;
  /** What opens from it. */
  readonly menus: readonly HTMLElement[];
  readonly share: HTMLButtonElement;
  readonly #hand: HTMLButtonElement;
  readonly #react: HTMLButtonElement;
  readonly #chat: HTMLButtonElement;
  readonly #people: HTMLButtonElement;
  readonly #view: HTMLButtonElement;
  readonly #fullScreen: HTMLButtonElement;
  readonly #more: HTMLButtonElement;
  readonly #menu = h("div", { id: "more", class: "menu", popover: "auto", role: "group" });
  readonly #leave: HTMLButtonElement;
  #devices: readonly HTMLElement[] = [];
  #offers: ToolbarOffers = NOTHING;
  readonly #pictureInPicture: HTMLButtonElement;
  readonly #settings: HTMLButtonElement;
  readonly #narrow = matchMedia(NARROW);

  constructor(actions: ToolbarActions) {
    this.share = button("screen", "call.share", actions.share);
    this.#hand = button("hand", "call.hand", actions.hand);
    this.#react = button("react", "call.react");
    this.#chat = button("chat", "chat.open", () => actions.panel("chat"));
    this.#people = button("people", "people.open", () => actions.panel("people"));
    this.#more = button("more", "call.more");
    this.#view = button("speaker", "call.speaker", actions.view);
    this.#fullScreen = button("full-screen", "call.full-screen", actions.fullScreen);
    this.#pictureInPicture = button(
      "picture-in-picture",
      "call.picture-in-picture",
      actions.pictureInPicture,
    );
    this.#settings = button("settings", "call.settings", actions.settings);
    this.#leave = button("leave", "call.leave", actions.leave);
    this.#leave.classList.add("danger", "wide");
    this.share.classList.add("wide");
    for (const [panel, opener] of [
      ["chat", this.#chat],
      ["people", this.#people],
    ] as const)
      opener.setAttribute("aria-controls", panel);
    const reactions = reactionMenu(actions.react);
    this.#react.setAttribute("popovertarget", "reactions");
    this.#more.setAttribute("popovertarget", "more");
    this.#menu.ariaLabel = t("call.more");
    this.#menu.addEventListener("click", (event) => {
      const pressed = (event.target as Element).closest("button");
      if (pressed && pressed !== this.#react) this.#menu.hidePopover();
    });
    this.menus = [this.#menu, reactions];
    this.element = h("div", {
      class: "controls",
      role: "toolbar",
      "aria-label": t("call.controls"),
    });
    this.element.addEventListener("keydown", (event) => this.#walk(event));
    this.#narrow.addEventListener("change", this.#arrange);
    document.addEventListener("fullscreenchange", this.#drawFullScreen);
    this.#arrange();
  }

  update({ sharing, handRaised, unread, panel, speakerView }: ToolbarState): void {
    this.share.dataset.on = String(sharing);
    name(
      this.share,
      sharing ? "screen-off" : "screen",
      t(sharing ? "call.stop-sharing" : "call.share"),
    );
    this.#hand.dataset.on = String(handRaised);
    this.#hand.ariaPressed = String(handRaised);
    const count = unread > 99 ? "99+" : String(unread);
    name(this.#chat, "chat", unread > 0 ? t("chat.open-unread", { count }) : t("chat.open"));
    if (unread > 0) this.#chat.dataset.unread = count;
    else delete this.#chat.dataset.unread;
    this.#chat.ariaExpanded = String(panel === "chat");
    this.#people.ariaExpanded = String(panel === "people");
    name(
      this.#view,
      speakerView ? "grid" : "speaker",
      t(speakerView ? "call.grid" : "call.speaker"),
    );
  }

  /** Have these buttons; those that stay keep the focus. */
  offer(devices: readonly HTMLElement[], offers: ToolbarOffers): void {
    this.#devices = devices;
    this.#offers = offers;
    this.#arrange();
  }

  /** The button that opens a panel, if it can be seen. */
  opener(panel: "chat" | "people"): HTMLElement {
    const button = panel === "chat" ? this.#chat : this.#people;
    return button.checkVisibility() ? button : this.#more;
  }

  /** When what had the focus is gone, as the menu's buttons are when it has closed. */
  takeFocus(): void {
    const { activeElement: active, body } = document;
    if (active === body || !active?.checkVisibility()) this.#more.focus();
  }

  openReactions(): void {
    if (this.#offers.react) this.menus[1]?.showPopover();
  }

  stop(): void {
    this.#narrow.removeEventListener("change", this.#arrange);
    document.removeEventListener("fullscreenchange", this.#drawFullScreen);
  }

  /** As in every toolbar (ARIA practices): arrows go from button to button, in a circle. */
  #walk(event: KeyboardEvent): void {
    const buttons = [...this.element.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const last = buttons.length - 1;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons.at(to > last ? 0 : to)?.focus();
  }

  readonly #arrange = (): void => {
    const { activeElement: focused } = document;
    const focusIsHere = this.element.contains(focused) || this.#menu.contains(focused);
    const { share, react, fullScreen, pictureInPicture } = this.#offers;
    const narrow = this.#narrow.matches;
    const sharing = share ? [this.share] : [];
    const reacting = react ? [this.#react] : [];
    const wide = <Each>(buttons: readonly Each[]) => (narrow ? [] : buttons);
    this.element.replaceChildren(
      ...this.#devices,
      ...wide(sharing),
      this.#hand,
      ...wide(reacting),
      this.#chat,
      ...wide([this.#people]),
      this.#more,
      this.#leave,
    );
    this.#menu.replaceChildren(
      ...(narrow ? [...sharing, ...reacting, this.#people] : []),
      this.#view,
      ...(fullScreen ? [this.#fullScreen] : []),
      ...(pictureInPicture ? [this.#pictureInPicture] : []),
      this.#settings,
    );
    if (!focusIsHere) return;
    if (focused instanceof HTMLElement) focused.focus();
    this.takeFocus();
  };

  readonly #drawFullScreen = (): void => {
    const full = document.fullscreenElement !== null;
    const label = t(full ? "call.leave-full-screen" : "call.full-screen");
    name(this.#fullScreen, "full-screen", label);
  };
}

function button(
  picture: IconName,
  key: Parameters<typeof t>[0],
  act?: () => void,
): HTMLButtonElement {
  const made = h("button", { type: "button" });
  name(made, picture, t(key));
  if (act) made.addEventListener("click", act);
  return made;
}

/** Its picture and what it is called; nothing changes while that is what it is. */
function name(button: HTMLButtonElement, picture: IconName, label: string): void {
  if (button.ariaLabel === label) return;
  button.ariaLabel = label;
  button.title = label;
  button.replaceChildren(icon(picture), h("span", { "aria-hidden": "true" }, label));
}
