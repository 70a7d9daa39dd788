/** Which camera, microphone and speaker: in the settings of the call. */
import { DEVICES } from "./capture.ts";
import type { Chime } from "./chime.ts";
import { DeviceChoice, type DeviceList, SpeakerChoice } from "./device-choice.ts";
import { h } from "./dom.ts";
import { t } from "./language.ts";
import type { LocalMedia } from "./local-media.ts";
import { canChooseSpeaker, type Speaker } from "./speaker.ts";

export class DeviceSettings {
  readonly element: HTMLElement;
  readonly #lists: readonly DeviceList[];
  readonly #stop = new AbortController();

  constructor(media: LocalMedia, speaker: Speaker, chime: Chime) {
    const lists: DeviceList[] = DEVICES.map((device) => new DeviceChoice(media, device));
    if (canChooseSpeaker()) lists.push(new SpeakerChoice(speaker, chime));
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

  #changed(): void {
    for (const list of this.#lists) void list.update();
  }
}
