/** Who presents, in a small tile beside what they present. */
import type { RemotePeer } from "../lib/index.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import { hue, initials, pauseOf } from "./tile.ts";

/** Whether there is both to be seen of a peer: its screen, and its camera. */
export function presentsOnCamera({ videoSource, tracks }: RemotePeer): boolean {
  return videoSource === "screen" && tracks.some((each) => each.source === "camera" && !each.muted);
}

export class PresenterTile {
  readonly element: HTMLElement;
  readonly #video = h("video", { playsinline: true });
  readonly #avatar = h("div", { class: "avatar", "aria-hidden": "true" });
  readonly #label = h("span", { class: "name" });
  readonly #state = h("p", { class: "tile-state" });

  constructor() {
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.element = h(
      "figure",
      { class: "tile presenter", "data-source": "none" },
      this.#video,
      this.#avatar,
      this.#state,
      h("footer", {}, this.#label),
    );
  }

  /** Its initials are there until the first picture is. */
  update({ name, camera, cameraLayer }: RemotePeer): void {
    const { dataset } = this.element;
    if (this.#video.srcObject !== camera) {
      this.#video.srcObject = camera;
      if (camera) this.#video.play().catch(() => undefined);
    }
    const paused = pauseOf(cameraLayer);
    dataset.source = camera && paused === null ? "camera" : "none";
    if (dataset.name !== name) {
      dataset.name = name;
      this.#label.textContent = name;
      this.#avatar.textContent = initials(name);
      this.#avatar.style.setProperty("--hue", String(hue(name)));
    }
    this.element.ariaLabel = t("call.presenter", { name });
    this.#state.textContent = paused ?? "";
    this.#state.hidden = paused === null;
  }

  /** A ring around who is heard, as around every tile. */
  speaks(speaking: boolean): void {
    this.element.toggleAttribute("data-speaking", speaking);
  }

  remove(): void {
    this.#video.srcObject = null;
    this.element.remove();
  }
}
