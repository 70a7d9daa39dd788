/** The sound of the call: a hidden <audio> per slot that is heard, and the browser's leave to play. */
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import type { Speaker } from "./speaker.ts";

export class Sound {
  readonly element = h("div", { class: "sound", hidden: true });
  readonly #speaker: Speaker;
  readonly #changed: () => void;
  readonly #players = new Map<MediaStream, HTMLAudioElement>();
  readonly #volumes = new Map<string, number>();
  #blocked = false;

  /** @param changed told when the browser refuses to play before a click, and when it does not any more. */
  constructor(speaker: Speaker, changed: () => void) {
    this.#speaker = speaker;
    this.#changed = changed;
  }

  /** Whether the browser plays nothing before a click. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Play exactly these, each with the id of its peer. */
  play(wanted: ReadonlyMap<MediaStream, string>): void {
    for (const [stream, player] of this.#players)
      if (!wanted.has(stream)) {
        this.#speaker.remove(player);
        player.srcObject = null;
        player.remove();
        this.#players.delete(stream);
      }
    for (const [stream, peer] of wanted) {
      const player = this.#players.get(stream) ?? this.#add(stream);
      player.dataset.peer = peer;
      player.volume = this.volume(peer);
    }
  }

  /** How loud somebody is, 0 to 1. */
  volume(peer: string): number {
    return this.#volumes.get(peer) ?? 1;
  }

  setVolume(peer: string, volume: number): void {
    this.#volumes.set(peer, volume);
    for (const player of this.#players.values())
      if (player.dataset.peer === peer) player.volume = volume;
  }

  /** After a click: what was refused may play now. */
  enable(): void {
    this.#block(false);
    for (const player of this.#players.values()) this.#start(player);
  }

  stop(): void {
    this.play(new Map());
  }

  #add(stream: MediaStream): HTMLAudioElement {
    const player = h("audio");
    player.srcObject = stream;
    this.element.append(player);
    this.#players.set(stream, player);
    // Not for a moment where others would hear it, too.
    void this.#speaker.add(player).then(() => this.#start(player));
    return player;
  }

  #start(player: HTMLAudioElement): void {
    player.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#block(true);
    });
  }

  #block(blocked: boolean): void {
    this.#blocked = blocked;
    this.#changed();
  }
}

/** Over the tiles while the browser waits for a click. */
export function soundPrompt(enable: () => void): HTMLElement {
  return h(
    "div",
    { class: "enable-sound", hidden: true },
    h("p", {}, t("call.sound-blocked")),
    h(
      "button",
      { type: "button", class: "primary", onclick: enable },
      icon("sound"),
      h("span", {}, t("call.enable-sound")),
    ),
  );
}
