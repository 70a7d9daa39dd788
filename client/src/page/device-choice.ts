/** Drop-down lists of cameras and microphones. */
import type { Device } from "./capture.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import { type LocalMedia, listDevices } from "./local-media.ts";

export class DeviceChoice {
  readonly element: HTMLElement;
  readonly #media: LocalMedia;
  readonly #device: Device;
  readonly #select: HTMLSelectElement;

  constructor(media: LocalMedia, device: Device) {
    this.#media = media;
    this.#device = device;
    this.#select = h("select", {
      onchange: () => void media.choose(device, this.#select.value),
    });
    const name = t(device === "camera" ? "lobby.camera" : "lobby.microphone");
    this.element = h(
      "label",
      { class: "choice" },
      icon(device),
      h("span", { class: "visually-hidden" }, name),
      this.#select,
    );
    void this.update();
  }

  /** Read the devices anew: after a permission, and when one comes or goes. */
  async update(): Promise<void> {
    const devices = await listDevices(this.#device);
    const chosen = this.#media.remembered[this.#device].device;
    const known = devices.some(({ deviceId }) => deviceId === chosen);
    const options = devices.map(({ deviceId, label }, index) =>
      h("option", { value: deviceId, selected: deviceId === chosen }, label || `${index + 1}`),
    );
    if (!known)
      options.unshift(h("option", { value: "", selected: true }, t("lobby.default-device")));
    this.#select.replaceChildren(...options);
    this.#select.disabled = devices.length === 0;
  }
}
