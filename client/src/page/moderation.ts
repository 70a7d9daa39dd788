/** What a moderator can do about somebody: mute what they send, remove them from the room. */
import type { RemotePeer, Source } from "../lib/index.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import type { MessageKey } from "./messages/en.ts";

/** The part of `RoomClient` that acts. */
export interface Moderator {
  readonly peers: readonly RemotePeer[];
  mutePeer(peer: string, source: Source, reason?: string): void;
  removePeer(peer: string, reason?: string): void;
}

const MUTES: Readonly<Record<Source, MessageKey>> = {
  microphone: "moderate.microphone",
  camera: "moderate.camera",
  screen: "moderate.screen",
  "screen-audio": "moderate.screen-audio",
};
/** Characters of a reason (ModerationReason of the protocol). */
export const LONGEST_REASON = 200;

/** What of somebody can be muted: only they can unmute it, so what is muted is not offered. */
export function mutable({ tracks }: Pick<RemotePeer, "tracks">): Source[] {
  return tracks.filter(({ muted }) => !muted).map(({ source }) => source);
}

/** A dialog about one peer at a time. */
export class Moderation {
  readonly element = h("dialog", { class: "moderation" });
  readonly #moderator: Moderator;
  readonly #title = h("h2", { id: "moderation-title" });
  readonly #mutes = h("div", { class: "choices" });
  readonly #reason = h("input", {
    name: "reason",
    type: "text",
    maxlength: String(LONGEST_REASON),
    autocomplete: "off",
  });
  #peer: RemotePeer | null = null;

  constructor(moderator: Moderator) {
    this.#moderator = moderator;
    const close = h(
      "button",
      { type: "button", class: "quiet", onclick: () => this.element.close() },
      t("moderate.cancel"),
    );
    const remove = h(
      "button",
      { type: "button", class: "danger", onclick: () => this.#remove() },
      t("moderate.remove"),
    );
    this.element.setAttribute("aria-labelledby", this.#title.id);
    this.element.append(
      this.#title,
      h("label", {}, h("span", {}, t("moderate.reason")), this.#reason),
      this.#mutes,
      h("div", { class: "choices" }, remove, close),
    );
    this.element.addEventListener("close", () => {
      this.#peer = null;
    });
  }

  /** About the peer of this id, if it is still there. */
  open(id: string): void {
    const peer = this.#moderator.peers.find((each) => each.id === id);
    if (!peer) return;
    this.#reason.value = "";
    this.#draw(peer);
    this.element.showModal();
  }

  /** Follow what the peer sends now; close when they have left. */
  update(): void {
    if (!this.#peer) return;
    const peer = this.#moderator.peers.find(({ id }) => id === this.#peer?.id);
    if (peer) this.#draw(peer);
    else this.element.close();
  }

  #draw(peer: RemotePeer): void {
    const sources = mutable(peer);
    const same = this.#peer?.id === peer.id && this.#mutes.dataset.sources === sources.join(" ");
    this.#peer = peer;
    this.#title.textContent = t("moderate.title", { name: peer.name });
    // Else the button that has the focus would lose it with every change.
    if (same) return;
    this.#mutes.dataset.sources = sources.join(" ");
    this.#mutes.replaceChildren(
      ...sources.map((source) =>
        h("button", { type: "button", onclick: () => this.#mute(source) }, t(MUTES[source])),
      ),
    );
  }

  #mute(source: Source): void {
    if (this.#peer) this.#moderator.mutePeer(this.#peer.id, source, this.#reason.value.trim());
    this.element.close();
  }

  #remove(): void {
    if (this.#peer) this.#moderator.removePeer(this.#peer.id, this.#reason.value.trim());
    this.element.close();
  }
}
