/** The lobby: who you are, which room, how you look and sound. */
import { ROOM_NAME_MAX_LENGTH } from "../protocol.ts";
import { type Asked, cleanName, cleanRoom, isRoomName, proposeRoom } from "./address.ts";
import { canEncrypt, proposeKey } from "./call-key.ts";
import { CameraSwitch } from "./camera-switch.ts";
import { ConnectionCheck } from "./connection-check.ts";
import { DeviceButton } from "./device-buttons.ts";
import { DeviceChoice, type DeviceList, SpeakerChoice } from "./device-choice.ts";
import { h } from "./dom.ts";
import type { Equipment } from "./equipment.ts";
import { t } from "./language.ts";
import { watchLevel } from "./level-meter.ts";
import type { LocalMedia } from "./local-media.ts";
import type { Notices } from "./notices.ts";
import { languageChoice } from "./settings.ts";
import { canChooseSpeaker } from "./speaker.ts";

/** What to begin with. */
export interface Beginning extends Asked {
  /** Whether the key is that of the link. */
  linked: boolean;
}

export interface Choice {
  name: string;
  room: string;
  /** Null: the call is not encrypted end to end. */
  key: string | null;
}

export class Lobby {
  readonly element: HTMLElement;
  readonly #media: LocalMedia;
  readonly #video = h("video", { playsinline: true, "aria-label": t("lobby.preview") });
  readonly #meter = h("meter", { min: "0", max: "1", "aria-label": t("lobby.level") });
  readonly #preview: HTMLElement;
  readonly #name: HTMLInputElement;
  readonly #room: HTMLInputElement;
  readonly #encrypt = h("input", { type: "checkbox", name: "encrypt" });
  /** Made when it is asked for; that of the link stays. */
  #key: string | null;
  readonly #button = h("button", { type: "submit", class: "primary" }, t("lobby.join"));
  readonly #buttons: readonly DeviceButton[];
  readonly #cameraSwitch: CameraSwitch;
  readonly #choices: readonly DeviceList[];
  readonly #connection: ConnectionCheck;
  readonly #stopListening: () => void;
  #metered: MediaStreamTrack | null = null;
  #stopMeter: (() => void) | null = null;

  /** @param translate is called when another language was chosen. */
  constructor(
    { media, speaker, chime, notices }: Omit<Equipment, "client">,
    asked: Beginning,
    join: (choice: Choice) => void,
    translate: (language: string) => void,
  ) {
    this.#media = media;
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#cameraSwitch = new CameraSwitch(media);
    this.#buttons = [new DeviceButton(media, "microphone"), new DeviceButton(media, "camera")];
    this.#choices = [
      new DeviceChoice(media, "microphone"),
      new DeviceChoice(media, "camera"),
      ...(canChooseSpeaker() ? [new SpeakerChoice(speaker, chime)] : []),
    ];
    this.#preview = h(
      "div",
      { class: "preview" },
      this.#video,
      h("p", { class: "preview-off" }, t("lobby.camera-off")),
      h(
        "div",
        { class: "preview-controls" },
        ...this.#buttons.map((button) => button.element),
        this.#cameraSwitch.element,
      ),
    );
    this.#name = h("input", {
      name: "name",
      autocomplete: "name",
      required: true,
      value: asked.name || media.remembered.name,
    });
    this.#room = h("input", {
      name: "room",
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
      required: true,
      maxlength: String(ROOM_NAME_MAX_LENGTH),
      value:
        asked.room ||
        proposeRoom((bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>)),
    });
    this.#key = asked.key;
    this.#encrypt.checked = asked.key !== null;
    // Without the key of the link there would be nothing to see.
    this.#encrypt.disabled = asked.linked;
    this.#connection = new ConnectionCheck(() => {
      const room = cleanRoom(this.#room.value);
      return {
        ...(isRoomName(room) && { room }),
        ...(asked.token !== null && { token: asked.token }),
      };
    });
    this.element = this.#page(notices, join, translate);
    const stops = [media.on("change", () => this.#update())];
    const changed = () => this.#listDevices();
    navigator.mediaDevices?.addEventListener("devicechange", changed);
    stops.push(() => navigator.mediaDevices?.removeEventListener("devicechange", changed));
    this.#stopListening = () => {
      for (const stop of stops) stop();
    };
    this.#update();
  }

  /** Put the cursor where something is still to be typed. */
  focus(): void {
    (this.#name.value ? this.#button : this.#name).focus();
  }

  /** Back to where the language was chosen. */
  focusLanguage(): void {
    this.element.querySelector<HTMLElement>(".language select")?.focus();
  }

  /** To where devices are chosen. */
  focusDevices(): void {
    this.element.querySelector<HTMLElement>(".choice select")?.focus();
  }

  /** What has been typed so far. */
  get typed(): Choice {
    return { name: this.#name.value, room: this.#room.value, key: this.#chosenKey() };
  }

  setBusy(busy: boolean): void {
    if (busy) this.#connection.stop();
    this.#button.disabled = busy;
    this.#button.textContent = t(busy ? "lobby.joining" : "lobby.join");
  }

  stop(): void {
    this.#stopListening();
    this.#stopMeter?.();
    this.#connection.stop();
    this.#video.srcObject = null;
  }

  #page(
    notices: Notices,
    join: (choice: Choice) => void,
    translate: (language: string) => void,
  ): HTMLElement {
    const submit = (event: Event) => {
      event.preventDefault();
      const choice = this.#read();
      if (choice) join(choice);
    };
    const field = (label: string, input: HTMLInputElement, hint?: string) => {
      input.addEventListener("input", () => input.setCustomValidity(""));
      return h(
        "label",
        { class: "field" },
        h("span", {}, label),
        input,
        hint !== undefined && h("small", {}, hint),
      );
    };
    const encrypt = h(
      "label",
      { class: "switch" },
      this.#encrypt,
      h("span", {}, t("lobby.encrypt")),
      h("small", {}, t("lobby.encrypt-hint")),
    );
    return h(
      "main",
      { class: "lobby" },
      h(
        "div",
        { class: "lobby-look" },
        this.#preview,
        this.#meter,
        ...this.#choices.map((choice) => choice.element),
        this.#connection.element,
      ),
      h(
        "form",
        { class: "lobby-form", novalidate: true, onsubmit: submit },
        h("h1", {}, t("lobby.title")),
        h("p", { class: "intro" }, t("lobby.intro")),
        notices.element,
        field(t("lobby.name"), this.#name),
        field(t("lobby.room"), this.#room, t("lobby.room-hint")),
        (canEncrypt() || this.#key !== null) && encrypt,
        this.#button,
        h("div", { class: "language" }, languageChoice(translate)),
      ),
    );
  }

  #read(): Choice | null {
    const name = cleanName(this.#name.value);
    const room = cleanRoom(this.#room.value);
    this.#room.value = room;
    this.#name.setCustomValidity(name ? "" : t("lobby.name-missing"));
    this.#room.setCustomValidity(isRoomName(room) ? "" : t("lobby.room-invalid"));
    for (const input of [this.#name, this.#room]) if (!input.reportValidity()) return null;
    return { name, room, key: this.#chosenKey() };
  }

  #chosenKey(): string | null {
    if (!this.#encrypt.checked) return null;
    this.#key ??= proposeKey((bytes) => crypto.getRandomValues(bytes));
    return this.#key;
  }

  #update(): void {
    const { camera, microphone } = this.#media;
    const shown = (this.#video.srcObject as MediaStream | null)?.getVideoTracks()[0] ?? null;
    if (shown !== camera) this.#video.srcObject = camera && new MediaStream([camera]);
    this.#preview.dataset.camera = camera ? "on" : "off";
    for (const button of this.#buttons) button.update();
    this.#cameraSwitch.update();
    this.#listDevices();
    if (microphone === this.#metered) return;
    this.#stopMeter?.();
    this.#metered = microphone;
    this.#meter.value = 0;
    this.#stopMeter =
      microphone &&
      watchLevel(microphone, (level) => {
        this.#meter.value = level;
      });
  }

  #listDevices(): void {
    for (const choice of this.#choices) void choice.update();
  }
}
