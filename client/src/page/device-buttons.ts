/** The microphone and camera buttons, the same in the lobby and in the call. */
import type { Device } from "./capture.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import type { LocalMedia } from "./local-media.ts";

const NAMES = {
  microphone: { on: "call.mute", off: "call.unmute" },
  camera: { on: "call.camera-off", off: "call.camera-on" },
} as const;

/** A button whose accessible name says what pressing it does now. */
export class DeviceButton {
  readonly element: HTMLButtonElement;
  readonly #media: LocalMedia;
  readonly #device: Device;

  constructor(media: LocalMedia, device: Device) {
    this.#media = media;
    this.#device = device;
    this.element = h("button", {
      type: "button",
      class: "round",
      onclick: () => void media.set(device, !media.isOn(device)),
    });
    this.update();
  }

  update(): void {
    const on = this.#media.isOn(this.#device);
    const name = t(NAMES[this.#device][on ? "on" : "off"]);
    this.element.dataset.on = String(on);
    this.element.setAttribute("aria-label", name);
    this.element.title = name;
    this.element.replaceChildren(icon(on ? this.#device : `${this.#device}-off`));
  }
}
