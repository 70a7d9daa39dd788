/** The call: tiles, controls, and what the user has to be told. */
import { canShareScreen, type RoomClient, ShareError } from "../lib/index.ts";
import { DeviceButton } from "./device-buttons.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";
import type { LocalMedia } from "./local-media.ts";
import { Moderation } from "./moderation.ts";
import type { Notices } from "./notices.ts";
import { Sound } from "./sound.ts";
import { Stage } from "./stage.ts";
import { Statistics } from "./statistics.ts";
import { ViewWatch } from "./view-watch.ts";

/** A short word ("Ada joined") stays this long, ms. */
const WORD_FOR = 4_000;

export class Call {
  readonly element: HTMLElement;
  readonly #client: RoomClient;
  readonly #media: LocalMedia;
  readonly #notices: Notices;
  readonly #name: string;
  readonly #view: ViewWatch;
  readonly #stage: Stage;
  readonly #moderation: Moderation | null;
  readonly #statistics: Statistics;
  readonly #sound: Sound;
  readonly #selfVideo = new MediaStream();
  readonly #buttons: readonly DeviceButton[];
  readonly #share = h("button", { type: "button", class: "wide" });
  readonly #words = h("p", { class: "words", role: "status" });
  readonly #alone = h("p", { class: "alone" }, t("call.alone"));
  readonly #enableSound: HTMLElement;
  readonly #stops: (() => void)[] = [];
  #wordTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    client: RoomClient,
    media: LocalMedia,
    notices: Notices,
    { name, room }: { name: string; room: string },
  ) {
    this.#client = client;
    this.#media = media;
    this.#notices = notices;
    this.#name = name;
    this.#view = new ViewWatch((view) => client.setView(view));
    const moderation = client.rights.moderate ? new Moderation(client) : null;
    this.#moderation = moderation;
    this.#stage = new Stage(this.#view, moderation ? (id) => moderation.open(id) : undefined);
    this.#statistics = new Statistics(client, name);
    const devices = (["microphone", "camera"] as const).filter((device) =>
      client.rights.publish.includes(device),
    );
    this.#buttons = devices.map((device) => new DeviceButton(media, device));
    this.#share.addEventListener("click", () => void this.#toggleShare());
    this.#enableSound = this.#soundButton();
    this.#sound = new Sound((blocked) => {
      this.#enableSound.hidden = !blocked;
    });
    this.element = this.#page(room);
    this.#listen();
    this.update();
  }

  /** Everything is drawn from the client's and the devices' present state. */
  update(): void {
    const peers = this.#client.peers;
    const { camera } = this.#media;
    const [shown] = this.#selfVideo.getVideoTracks();
    if (shown !== camera) {
      if (shown) this.#selfVideo.removeTrack(shown);
      if (camera) this.#selfVideo.addTrack(camera);
    }
    const sharing = this.#client.published("screen") !== undefined;
    this.#stage.update(
      {
        name: this.#name,
        video: this.#selfVideo,
        source: camera ? "camera" : null,
        microphoneMuted: !this.#media.isOn("microphone"),
        state: sharing ? t("call.sharing") : null,
        encrypted: this.#client.encrypted,
      },
      peers,
    );
    this.#moderation?.update();
    const heard = new Map<MediaStream, string>();
    for (const { id, audio, screenAudio } of peers)
      for (const stream of [audio, screenAudio]) if (stream) heard.set(stream, id);
    this.#sound.play(heard);
    for (const button of this.#buttons) button.update();
    this.#alone.hidden = peers.length > 0;
    this.#drawShare(sharing);
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    clearTimeout(this.#wordTimer);
    this.#view.stop();
    this.#statistics.stop();
    this.#stage.stop();
    this.#sound.stop();
  }

  #listen(): void {
    const update = () => this.update();
    const client = this.#client;
    this.#stops.push(
      client.on("stages", update),
      client.on("published", update),
      client.on("peer-updated", update),
      client.on("speakers", (speakers) => {
        const now = new Set(speakers.filter(({ speaking }) => speaking).map(({ peer }) => peer));
        this.#stage.speaking(now, client.self !== null && now.has(client.self));
      }),
      client.on("peer-joined", ({ name }) => {
        this.#say(t("call.joined", { name }));
        update();
      }),
      client.on("peer-left", ({ peer }) => {
        this.#say(t("call.left", { name: peer.name }));
        update();
      }),
      this.#media.on("change", update),
    );
  }

  #page(room: string): HTMLElement {
    const leave = h(
      "button",
      { type: "button", class: "wide danger", onclick: () => this.#client.leave() },
      icon("leave"),
      h("span", {}, t("call.leave")),
    );
    const link = h(
      "button",
      {
        type: "button",
        class: "link",
        title: t("call.copy-link"),
        onclick: () => void this.#copyLink(),
      },
      icon("link"),
      h("span", { class: "visually-hidden" }, t("call.copy-link")),
    );
    return h(
      "main",
      { class: "call" },
      h(
        "header",
        { class: "bar" },
        h("h1", {}, room),
        this.#lock(),
        link,
        this.#figuresButton(),
        this.#words,
      ),
      this.#notices.element,
      this.#stage.element,
      this.#statistics.element,
      this.#alone,
      this.#enableSound,
      h(
        "div",
        { class: "controls", role: "toolbar", "aria-label": t("call.controls") },
        ...this.#buttons.map((button) => button.element),
        this.#mayShare() && this.#share,
        leave,
      ),
      this.#sound.element,
      this.#moderation?.element ?? null,
    );
  }

  #lock(): HTMLElement | null {
    const name = t("call.encrypted");
    const lock = { class: "lock", role: "img", title: name, "aria-label": name };
    return this.#client.encrypted ? h("span", lock, icon("lock")) : null;
  }

  #figuresButton(): HTMLElement {
    const button = h(
      "button",
      {
        type: "button",
        class: "link",
        title: t("call.statistics"),
        "aria-pressed": "false",
        onclick: () => {
          this.#statistics.show(!this.#statistics.shown);
          button.setAttribute("aria-pressed", String(this.#statistics.shown));
        },
      },
      icon("statistics"),
      h("span", { class: "visually-hidden" }, t("call.statistics")),
    );
    return button;
  }

  #soundButton(): HTMLElement {
    const enable = () => this.#sound.enable();
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

  #mayShare(): boolean {
    return canShareScreen() && this.#client.rights.publish.includes("screen");
  }

  #drawShare(sharing: boolean): void {
    if (this.#share.dataset.on === String(sharing)) return;
    this.#share.dataset.on = String(sharing);
    const name = t(sharing ? "call.stop-sharing" : "call.share");
    this.#share.title = name;
    this.#share.replaceChildren(icon(sharing ? "screen-off" : "screen"), h("span", {}, name));
  }

  async #toggleShare(): Promise<void> {
    if (this.#client.published("screen")) {
      this.#client.stopScreen();
      return;
    }
    this.#share.disabled = true;
    try {
      await this.#client.shareScreen();
    } catch (error) {
      if (!(error instanceof ShareError)) throw error;
      this.#notices.show(error.code);
    } finally {
      this.#share.disabled = false;
      this.#share.focus();
    }
  }

  async #copyLink(): Promise<void> {
    const url = location.origin + location.pathname + location.hash;
    try {
      await navigator.clipboard.writeText(url);
      this.#say(t("call.link-copied"));
    } catch {
      // No clipboard here: show what was to be copied.
      this.#say(url);
    }
  }

  #say(words: string): void {
    this.#words.textContent = words;
    clearTimeout(this.#wordTimer);
    this.#wordTimer = setTimeout(() => {
      this.#words.textContent = "";
    }, WORD_FOR);
  }
}
