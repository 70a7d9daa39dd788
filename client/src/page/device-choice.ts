/** Drop-down lists of cameras, microphones and speakers. */
import type { Device } from "./capture.ts";
import type { Chime } from "./chime.ts";
import { listDevices } from "./device-list.ts";
import { ALIASES, same } from "./device-plan.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import type { LocalMedia } from "./local-media.ts";
import type { Chosen } from "./remembered.ts";
import type { Speaker } from "./speaker.ts";

const NAMES = {
  camera: "lobby.camera",
  microphone: "lobby.microphone",
  speaker: "device.speaker",
} as const;
const ICONS = { camera: "camera", microphone: "microphone", speaker: "sound" } as const;
/** The entries that stand for the system's choice. */
const STANDARD = ["", ...ALIASES];

/** One list. Its first entry is the system's choice. */
export class DeviceList {
  readonly element: HTMLElement;
  readonly #device: Device | "speaker";
  readonly #chosen: () => Chosen;
  readonly #select: HTMLSelectElement;

  constructor(
    device: Device | "speaker",
    chosen: () => Chosen,
    choose: (id: string, label: string) => void,
  ) {
    this.#device = device;
    this.#chosen = chosen;
    this.#select = h("select", {
      name: device,
      onchange: () => {
        const { value, selectedOptions } = this.#select;
        choose(value, value && (selectedOptions[0]?.label ?? ""));
      },
    });
    this.element = h(
      "label",
      { class: "choice" },
      icon(ICONS[device]),
      h("span", { class: "visually-hidden" }, t(NAMES[device])),
      this.#select,
    );
    void this.update();
  }

  /** Read the devices anew: after a permission, and when one comes or goes. */
  async update(): Promise<void> {
    const all = await listDevices(this.#device);
    const { device, label } = this.#chosen();
    const real = all.filter(({ id }) => !STANDARD.includes(id));
    const here = same(real, { id: device, label });
    const chosen = device ? (here?.id ?? "") : "";
    const standard = all.find(({ id }) => id === "default")?.label;
    const entries = [{ id: "", label: standard || t("lobby.default-device") }, ...real];
    const options = entries.map(({ id, label }, index) =>
      h("option", { value: id, selected: id === chosen }, label || `${index}`),
    );
    this.#select.replaceChildren(...options);
    this.#select.disabled = all.length === 0;
  }
}

/** The list of cameras or microphones. */
export class DeviceChoice extends DeviceList {
  constructor(media: LocalMedia, device: Device) {
    super(
      device,
      () => media.remembered[device],
      (id, label) => void media.choose(device, id, label),
    );
  }
}

/** The list of speakers; the one that was chosen is heard at once. */
export class SpeakerChoice extends DeviceList {
  constructor(speaker: Speaker, chime: Chime) {
    super(
      "speaker",
      () => speaker.chosen,
      (id, label) => void speaker.choose(id, label).then(() => chime.ring(true)),
    );
  }
}
