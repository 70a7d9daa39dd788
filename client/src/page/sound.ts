/** The sound of the call: a hidden <audio> per slot that is heard, and the browser's leave to play. */
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";

export class Sound {
  readonly element = h("div", { class: "sound", hidden: true });
  readonly #blocked: (blocked: boolean) => void;
  readonly #players = new Map<MediaStream, HTMLAudioElement>();
  readonly #volumes = new Map<string, number>();
  #sink = "";

  /** @param blocked told when the browser refuses to play before a click, and when it does not any more. */
  constructor(blocked: (blocked: boolean) => void) {
    this.#blocked = blocked;
  }

  /** Play exactly these, each with the id of its peer. */
  play(wanted: ReadonlyMap<MediaStream, string>): void {
    for (const [stream, player] of this.#players)
      if (!wanted.has(stream)) {
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

  /** Play on the device of this id; "": the system's choice. One that is gone is not used. */
  async playOn(id: string): Promise<void> {
    this.#sink = id;
    await Promise.all([...this.#players.values()].map((player) => this.#direct(player)));
  }

  /** After a click: what was refused may play now. */
  enable(): void {
    this.#blocked(false);
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
    if (this.#sink) void this.#direct(player);
    this.#start(player);
    return player;
  }

  async #direct(player: HTMLAudioElement): Promise<void> {
    await player.setSinkId(this.#sink).catch(() => undefined);
  }

  #start(player: HTMLAudioElement): void {
    player.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#blocked(true);
    });
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
