/** Who is in the room: names, marks, volumes, and what a moderator can do. */
import type { RemotePeer, RoomClient } from "../lib/index.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import { Panel } from "./panel.ts";
import { hue, initials } from "./tile.ts";

export interface PeopleActions {
  close(): void;
  /** Of 0 to 1. */
  setVolume(peer: string, volume: number): void;
  volume(peer: string): number;
  pin(peer: string): void;
  isPinned(peer: string): boolean;
  /** Opens what a moderator can do about them. */
  moderate(peer: string): void;
}

interface Person {
  id: string;
  name: string;
  muted: boolean;
  presents: boolean;
}

export class PeoplePanel extends Panel {
  readonly #client: RoomClient;
  readonly #actions: PeopleActions;
  readonly #self: string;
  readonly #rows = new Map<string, Row>();
  readonly #list = h("ul", { class: "people-list", "aria-label": t("people.list") });
  readonly #lock = h("button", { type: "button", class: "quiet lock" });
  readonly #locked = h("p", { class: "hint" }, t("people.locked"));
  #moderates = false;

  /** @param self what this user is called. */
  constructor(client: RoomClient, self: string, actions: PeopleActions) {
    super("people", t("people.open"), t("people.close"), actions.close);
    this.#client = client;
    this.#self = self;
    this.#actions = actions;
    this.#lock.addEventListener("click", () =>
      client.conversation.lock(!client.conversation.locked),
    );
    this.element.append(this.#locked, this.#list, this.#lock);
    this.update();
  }

  /** Whether this user is a moderator. */
  set moderates(moderates: boolean) {
    this.#moderates = moderates;
    this.update();
  }

  /** Who is heard at the server. It changes too often to be read out: who wants to know looks. */
  speaking(peers: ReadonlySet<string>): void {
    for (const [id, row] of this.#rows) row.speaks(peers.has(id));
  }

  /** Whose hand is up comes first, in their order; then oneself, then as they came. */
  update(): void {
    const { hands, locked } = this.#client.conversation;
    const { peers } = this.#client;
    const self = this.#client.self ?? "";
    const all = [this.#me(self), ...peers.map(person)];
    const order = new Map(hands.map((id, n) => [id, n]));
    const last = hands.length;
    all.sort((a, b) => (order.get(a.id) ?? last) - (order.get(b.id) ?? last));
    for (const [id, row] of this.#rows)
      if (!all.some((each) => each.id === id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    all.forEach((each, n) => {
      const row = this.#rows.get(each.id) ?? this.#add(each.id, each.id === self);
      row.update(each, (order.get(each.id) ?? -1) + 1, this.#moderates);
      const there = this.#list.children[n];
      // What stays where it is keeps its focus.
      if (there !== row.element) this.#list.insertBefore(row.element, there ?? null);
    });
    this.title.textContent = t("people.title", { count: String(all.length) });
    this.#locked.hidden = !locked;
    this.#lock.hidden = !this.#moderates;
    if (this.#lock.dataset.on === String(locked)) return;
    this.#lock.dataset.on = String(locked);
    const name = t(locked ? "people.unlock" : "people.lock");
    this.#lock.replaceChildren(icon(locked ? "unlock" : "lock"), h("span", {}, name));
  }

  #me(id: string): Person {
    const microphone = this.#client.published("microphone");
    return {
      id,
      name: this.#self,
      muted: !microphone || microphone.muted,
      presents: this.#client.published("screen") !== undefined,
    };
  }

  #add(id: string, self: boolean): Row {
    const lower = () => this.#client.conversation.lowerHand(id);
    const row = new Row(id, self, this.#actions, lower);
    this.#rows.set(id, row);
    return row;
  }
}

function person({ id, name, tracks }: RemotePeer): Person {
  const microphone = tracks.find(({ source }) => source === "microphone");
  return {
    id,
    name,
    muted: !microphone || microphone.muted,
    presents: tracks.some(({ source }) => source === "screen"),
  };
}

class Row {
  readonly element = h("li");
  readonly #id: string;
  readonly #self: boolean;
  readonly #actions: PeopleActions;
  readonly #avatar = h("span", { class: "avatar-small", "aria-hidden": "true" });
  readonly #name = h("span", { class: "who", dir: "auto" });
  readonly #muted = mark("microphone-off", t("call.muted"), "off");
  readonly #speaks = mark("sound", t("people.speaks"), "speaks");
  readonly #presents = mark("screen", t("people.sharing"), "");
  readonly #hand = mark("hand", t("call.hand-raised"), "hand");
  readonly #volume = h("input", { type: "range", name: "volume", min: "0", max: "100", step: "5" });
  readonly #pin = h("button", { type: "button", class: "link" }, icon("pin"));
  readonly #lower = h("button", { type: "button", class: "link lower" }, icon("hand"));
  readonly #more = h("button", { type: "button", class: "link" }, icon("more"));

  constructor(id: string, self: boolean, actions: PeopleActions, lower: () => void) {
    this.#id = id;
    this.#self = self;
    this.#actions = actions;
    this.#volume.value = String(Math.round(actions.volume(id) * 100));
    this.#volume.addEventListener("input", () =>
      actions.setVolume(id, Number(this.#volume.value) / 100),
    );
    this.#pin.addEventListener("click", () => actions.pin(self ? "self" : id));
    this.#lower.addEventListener("click", lower);
    this.#more.addEventListener("click", () => actions.moderate(id));
    this.speaks(false);
    const marks = [this.#speaks, this.#hand, this.#presents, this.#muted];
    const head = [this.#avatar, this.#name, ...marks];
    const buttons = [this.#pin, this.#lower, this.#more];
    this.element.append(h("div", { class: "line" }, ...head, ...buttons));
    if (!self) this.element.append(h("label", { class: "volume" }, icon("sound"), this.#volume));
  }

  speaks(speaks: boolean): void {
    this.#speaks.hidden = !speaks;
  }

  /**
   * @param hand its place among those that are up, from 1; 0: it is not.
   * @param moderated whether a moderator looks at it.
   */
  update({ name, muted, presents }: Person, hand: number, moderated: boolean): void {
    if (this.#name.dataset.name !== name) {
      this.#name.dataset.name = name;
      this.#name.textContent = this.#self ? `${name} (${t("call.you")})` : name;
      this.#avatar.textContent = initials(name);
      this.#avatar.style.setProperty("--hue", String(hue(name)));
      this.#volume.ariaLabel = t("people.volume", { name });
      label(this.#lower, t("people.lower-hand", { name }));
      label(this.#more, t("moderate.open", { name }));
    }
    this.#muted.hidden = !muted;
    this.#presents.hidden = !presents;
    const acts = moderated && !this.#self;
    this.#more.hidden = !acts;
    this.#lower.hidden = hand === 0 || !acts;
    // The button that lowers it says that it is up.
    this.#hand.hidden = hand === 0 || acts;
    const pinned = this.#actions.isPinned(this.#self ? "self" : this.#id);
    label(this.#pin, t(pinned ? "call.unpin" : "call.pin", { name }));
    this.#pin.dataset.on = String(pinned);
  }
}

function mark(name: Parameters<typeof icon>[0], label: string, kind: string): HTMLElement {
  return h("span", { class: `mark ${kind}`, role: "img", "aria-label": label }, icon(name));
}

function label(button: HTMLButtonElement, name: string): void {
  if (button.title === name) return;
  button.title = name;
  button.ariaLabel = name;
}
