/** Which camera, microphone and speaker: in the settings of the call. */
import { DEVICES } from "./capture.ts";
import { DeviceChoice, DeviceList } from "./device-choice.ts";
import { listDevices } from "./device-list.ts";
import { same } from "./device-plan.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import type { LocalMedia } from "./local-media.ts";
import { remember } from "./remembered.ts";
import type { Sound } from "./sound.ts";

export class DeviceSettings {
  readonly element: HTMLElement;
  readonly #media: LocalMedia;
  readonly #sound: Sound;
  readonly #lists: readonly DeviceList[];
  readonly #stop = new AbortController();

  constructor(media: LocalMedia, sound: Sound) {
    this.#media = media;
    this.#sound = sound;
    const lists: DeviceList[] = DEVICES.map((device) => new DeviceChoice(media, device));
    // Not every browser lets a page choose where it is heard.
    if ("setSinkId" in HTMLMediaElement.prototype) lists.push(this.#speakers());
    this.#lists = lists;
    this.element = h(
      "fieldset",
      { class: "devices" },
      h("legend", {}, t("device.title")),
      ...lists.map(({ element }) => element),
    );
    const { signal } = this.#stop;
    const changed = () => this.#changed();
    navigator.mediaDevices?.addEventListener("devicechange", changed, { signal });
    signal.addEventListener("abort", media.on("change", changed));
    changed();
  }

  stop(): void {
    this.#stop.abort();
  }

  #speakers(): DeviceList {
    const { remembered } = this.#media;
    return new DeviceList(
      "speaker",
      () => remembered.speaker,
      (device, label) => {
        remembered.speaker = { device, label };
        remember(remembered);
        this.#changed();
      },
    );
  }

  #changed(): void {
    for (const list of this.#lists) void list.update();
    void this.#direct();
  }

  /** A speaker that is gone is silent: the system's choice takes its place until it is back. */
  async #direct(): Promise<void> {
    const { device, label } = this.#media.remembered.speaker;
    const all = await listDevices("speaker");
    const here = same(all, { id: device, label });
    await this.#sound.playOn(device ? (here?.id ?? "") : "");
  }
}
