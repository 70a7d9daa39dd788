/** One participant in the call. */

import type { Pause, Reaction, RemotePeer, SlotLayer } from "../lib/index.ts";
import { h } from "./dom.ts";
import type { Grade } from "./grade/grader.ts";
import { type IconName, icon } from "./icons.ts";
import { t } from "./language.ts";
import type { MessageKey } from "./messages/en.ts";
import { reactionPicture, SHOWN_FOR } from "./reactions.ts";

export interface TileContent {
  name: string;
  video: MediaStream | null;
  source: "camera" | "screen" | null;
  microphoneMuted: boolean;
  /** What the microphone gives arrives at the server: known of oneself alone. */
  heard?: boolean;
  /** Said over the picture; null: nothing. */
  state: string | null;
  /** End to end. */
  encrypted: boolean;
}

/** What the tile of another peer shows. */
export function remoteContent(peer: RemotePeer): TileContent {
  const microphone = peer.tracks.find(({ source }) => source === "microphone");
  return {
    name: peer.name,
    video: peer.video,
    source: peer.videoSource,
    microphoneMuted: !microphone || microphone.muted,
    state: remoteState(peer),
    encrypted: peer.encryption === "on",
  };
}

/** Why there is no picture where one belongs; a tile nobody looks at needs no words. */
const PAUSES: Readonly<Partial<Record<Pause, MessageKey>>> = {
  bandwidth: "call.paused-bandwidth",
  overload: "call.paused-overload",
  room: "call.paused-room",
  unsupported: "call.paused-unsupported",
};

function remoteState({ connection, layer, encryption }: RemotePeer): string | null {
  if (connection === "lost") return t("call.lost");
  if (connection === "connecting") return t("call.connecting");
  if (encryption.startsWith("key-")) return t("call.sealed");
  if (encryption === "plain") return t("call.not-encrypted");
  return pauseOf(layer);
}

/** Why the server sends no picture, where that is worth a word. */
export function pauseOf(layer: SlotLayer | null): string | null {
  const paused = layer?.paused && PAUSES[layer.paused];
  return paused ? t(paused) : null;
}

export function initials(name: string): string {
  const words = name.split(" ").filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return letters
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase();
}

/** A hue for somebody without a picture, the same at every viewer. */
export function hue(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360;
  return hash;
}

export class Tile {
  readonly element: HTMLElement;
  readonly #video = h("video", { playsinline: true });
  readonly #avatar = h("div", { class: "avatar", "aria-hidden": "true" });
  readonly #label = h("span", { class: "name" });
  readonly #muted = mark("muted", "microphone-off");
  readonly #heard = mark("heard", "microphone");
  readonly #encrypted = mark("encrypted", "encrypted");
  readonly #connection = h("span", { class: "connection", role: "img", hidden: true });
  readonly #state = h("p", { class: "tile-state" });
  readonly #hand = mark("hand", "hand");
  readonly #moderate = h("button", { type: "button", class: "moderate" }, icon("more"));
  readonly #pin = h("button", { type: "button", class: "pin" }, icon("pin"));
  readonly #actions: HTMLElement;
  #reactions = 0;
  #grade: Grade = "good";

  /**
   * @param peer the peer's id, or "self".
   * @param pin makes it large, or not any more.
   * @param moderate opens what a moderator can do about them; null: nothing, it is oneself.
   */
  constructor(peer: string, pin: () => void, moderate: (() => void) | null) {
    // Sound has elements of its own: a muted video may always play.
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#hand.hidden = true;
    this.#pin.addEventListener("click", pin);
    this.#actions = h("div", { class: "tile-actions" }, this.#pin);
    this.element = h(
      "article",
      { class: "tile", "data-peer": peer, "data-source": "none" },
      this.#video,
      this.#avatar,
      this.#state,
      h(
        "footer",
        {},
        this.#encrypted,
        this.#hand,
        this.#muted,
        this.#heard,
        this.#connection,
        this.#label,
      ),
      this.#actions,
    );
    this.#moderate.hidden = true;
    if (moderate) {
      this.#moderate.addEventListener("click", moderate);
      this.#actions.append(this.#moderate);
    }
    this.translate();
  }

  /** Name everything in the page's language. */
  translate(): void {
    this.#muted.ariaLabel = t("call.muted");
    this.#heard.ariaLabel = this.#heard.title = t("call.heard");
    this.#encrypted.ariaLabel = t("call.encrypted");
    this.#hand.ariaLabel = t("call.hand-raised");
    this.connection = this.#grade;
    this.#nameButtons();
  }

  /** Whether a moderator looks at it. */
  set moderated(moderated: boolean) {
    this.#moderate.hidden = !moderated;
  }

  get showsScreen(): boolean {
    return this.element.dataset.source === "screen";
  }

  /** The element and its stream stay while the source changes: no black frame between. */
  update(content: TileContent): void {
    const { name, video, source, microphoneMuted, heard = false, state, encrypted } = content;
    const { dataset } = this.element;
    if (video && this.#video.srcObject !== video) {
      this.#video.srcObject = video;
      this.#video.play().catch(() => undefined);
    }
    if (dataset.name !== name) {
      dataset.name = name;
      this.#avatar.textContent = initials(name);
      this.#avatar.style.setProperty("--hue", String(hue(name)));
      this.#nameButtons();
    }
    dataset.source = source ?? "none";
    const label =
      source === "screen"
        ? t("call.presents", { name })
        : dataset.peer === "self"
          ? `${name} (${t("call.you")})`
          : name;
    if (this.#label.textContent !== label) this.#label.textContent = label;
    this.element.setAttribute("aria-label", label);
    this.#muted.hidden = !microphoneMuted;
    this.#heard.hidden = !heard || microphoneMuted;
    this.#encrypted.hidden = !encrypted;
    this.#state.textContent = state ?? "";
    this.#state.hidden = state === null;
  }

  /** A ring around who is heard at the server: for eyes alone, it changes too often to be read out. */
  speaks(speaking: boolean): void {
    this.element.toggleAttribute("data-speaking", speaking);
  }

  /** Its hand is up. */
  raises(raised: boolean): void {
    this.#hand.hidden = !raised;
  }

  /** How its media gets through; there is no mark of what is as it should be. */
  set connection(grade: Grade) {
    this.#grade = grade;
    this.#connection.hidden = grade === "good";
    if (grade === "good") return;
    const name = `connection-${grade}` as const;
    if (this.#connection.dataset.grade !== grade) this.#connection.replaceChildren(icon(name));
    this.#connection.dataset.grade = grade;
    this.#connection.ariaLabel = this.#connection.title = t(`call.${name}`);
  }

  /** Something to press that only this tile has. */
  offer(action: HTMLElement): void {
    this.#actions.append(action);
  }

  pinned(pinned: boolean): void {
    this.element.toggleAttribute("data-pinned", pinned);
    this.#nameButtons();
  }

  /** Let a picture of it rise and go; what it means is said elsewhere. */
  react(reaction: Reaction): void {
    const picture = reactionPicture(reaction);
    picture.ariaHidden = "true";
    this.#reactions += 1;
    picture.style.setProperty("--at", `${8 + ((this.#reactions * 34) % 75)}%`);
    this.element.append(picture);
    setTimeout(() => picture.remove(), SHOWN_FOR);
  }

  get video(): HTMLVideoElement {
    return this.#video;
  }

  remove(): void {
    this.#video.srcObject = null;
    this.element.remove();
  }

  #nameButtons(): void {
    const { name = "", pinned } = this.element.dataset;
    this.#pin.title = t(pinned === undefined ? "call.pin" : "call.unpin", { name });
    this.#pin.ariaLabel = this.#pin.title;
    this.#moderate.title = t("moderate.open", { name });
    this.#moderate.ariaLabel = this.#moderate.title;
  }
}

function mark(name: string, picture: IconName): HTMLElement {
  return h("span", { class: name, role: "img" }, icon(picture));
}
