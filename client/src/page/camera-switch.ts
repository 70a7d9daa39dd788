/** The button that turns to a phone's other camera; not to be seen where there is no other. */
import { h } from "./dom.ts";
import { type Camera, facingOf, otherSide } from "./facing.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import type { LocalMedia } from "./local-media.ts";

export class CameraSwitch {
  readonly element: HTMLButtonElement;
  readonly #media: LocalMedia;
  #other: Camera | null = null;
  #camera: MediaStreamTrack | null = null;

  constructor(media: LocalMedia) {
    this.#media = media;
    this.element = h(
      "button",
      {
        type: "button",
        class: "round",
        hidden: true,
        onclick: () => {
          if (this.#other) void media.choose("camera", this.#other.id, this.#other.label);
        },
      },
      icon("turn"),
    );
    this.translate();
    this.update();
  }

  /** Name it in the page's language. */
  translate(): void {
    this.element.title = t("device.turn-camera");
    this.element.ariaLabel = this.element.title;
  }

  /** To be called when the camera may be another one. */
  update(): void {
    const { camera } = this.#media;
    if (camera === this.#camera) return;
    this.#camera = camera;
    void this.#look(camera);
  }

  async #look(camera: MediaStreamTrack | null): Promise<void> {
    const current = camera && {
      facing: camera.getSettings().facingMode ?? "",
      label: camera.label,
    };
    const other = current && otherSide(await cameras(), current);
    // Meanwhile it is another one, or off.
    if (camera !== this.#camera) return;
    this.#other = other;
    this.element.hidden = this.#other === null;
    // A mirror is for who looks into it.
    document.documentElement.dataset.facing = (current && facingOf(current)) ?? "";
  }
}

async function cameras(): Promise<Camera[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return all
    .filter(({ kind, deviceId }) => kind === "videoinput" && deviceId !== "")
    .map((info) => ({ id: info.deviceId, label: info.label, facing: capable(info) }));
}

/** Not every browser has it, and in some it is empty before the first capture. */
function capable(info: MediaDeviceInfo): string {
  const said = "getCapabilities" in info ? (info as InputDeviceInfo).getCapabilities() : {};
  return said.facingMode?.[0] ?? "";
}
