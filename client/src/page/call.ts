/** The call: tiles, controls, panels, and what the user has to be told. */
import { canShareScreen, type RoomClient } from "../lib/index.ts";
import { CameraSwitch } from "./camera-switch.ts";
import { DEVICES } from "./capture.ts";
import { ChatPanel } from "./chat-panel.ts";
import { DeviceButton } from "./device-buttons.ts";
import { DeviceSettings } from "./device-settings.ts";
import { h } from "./dom.ts";
import { CallHeader } from "./header.ts";
import { t } from "./language.ts";
import { toggleFullScreen, togglePicture } from "./larger.ts";
import type { LocalMedia } from "./local-media.ts";
import { Moderation } from "./moderation.ts";
import type { Notices } from "./notices.ts";
import { PeoplePanel } from "./people-panel.ts";
import { remember } from "./remembered.ts";
import { settingsDialog } from "./settings.ts";
import { toggleShare } from "./share.ts";
import { type Action, listenForShortcuts } from "./shortcuts.ts";
import { SidePanels } from "./side-panels.ts";
import { Sound, soundPrompt } from "./sound.ts";
import { Stage } from "./stage.ts";
import { Statistics } from "./statistics.ts";
import { Telling } from "./telling.ts";
import { Toolbar } from "./toolbar.ts";
import { ViewWatch } from "./view-watch.ts";
import { keepAwake } from "./wake-lock.ts";

export interface About {
  /** What this user is called. */
  name: string;
  room: string;
  /** Show the page in another language. */
  translate(language: string): void;
}

export class Call {
  readonly element: HTMLElement;
  readonly #client: RoomClient;
  readonly #media: LocalMedia;
  readonly #notices: Notices;
  readonly #about: About;
  readonly #view: ViewWatch;
  readonly #stage: Stage;
  readonly #moderation: Moderation | null;
  readonly #statistics: Statistics;
  readonly #header: CallHeader;
  readonly #sound: Sound;
  readonly #chat: ChatPanel;
  readonly #people: PeoplePanel;
  readonly #panels: SidePanels;
  readonly #telling: Telling;
  readonly #settings: HTMLDialogElement;
  readonly #toolbar: Toolbar;
  readonly #selfVideo = new MediaStream();
  readonly #buttons: readonly DeviceButton[];
  readonly #cameraSwitch: CameraSwitch;
  readonly #alone = h("p", { class: "alone" }, t("call.alone"));
  readonly #enableSound: HTMLElement;
  readonly #stops: (() => void)[] = [];

  constructor(client: RoomClient, media: LocalMedia, notices: Notices, about: About) {
    this.#client = client;
    this.#media = media;
    this.#notices = notices;
    this.#about = about;
    this.#view = new ViewWatch((view) => client.setView(view));
    const moderation = client.rights.moderate ? new Moderation(client) : null;
    this.#moderation = moderation;
    const moderate = moderation ? (id: string) => moderation.open(id) : null;
    this.#stage = new Stage(this.#view, () => this.update(), moderate ?? undefined);
    this.#statistics = new Statistics(client, about.name);
    this.#header = new CallHeader(about.room, this.#statistics, this.#client.encrypted);
    this.#buttons = DEVICES.filter((device) => client.rights.publish.includes(device)).map(
      (device) => new DeviceButton(media, device),
    );
    this.#enableSound = soundPrompt(() => this.#sound.enable());
    this.#sound = new Sound((blocked) => {
      this.#enableSound.hidden = !blocked;
    });
    const close = () => this.#panels.close();
    this.#chat = new ChatPanel(client.conversation, client.rights.data, close);
    this.#people = new PeoplePanel(client, about.name, {
      close,
      setVolume: (peer, volume) => this.#sound.setVolume(peer, volume),
      volume: (peer) => this.#sound.volume(peer),
      pin: (tile) => {
        this.#stage.pin(tile);
        this.update();
      },
      isPinned: (tile) => this.#stage.isPinned(tile),
      moderate,
    });
    this.#panels = new SidePanels(
      { chat: this.#chat, people: this.#people },
      () => {
        this.element.toggleAttribute("data-panel", this.#panels.shown !== null);
        this.update();
      },
      (panel) => this.#toolbar.opener(panel),
    );
    this.#telling = new Telling(client, {
      words: this.#header.words,
      chimes: () => media.remembered.chime,
      readsChat: () => this.#chat.shown && !document.hidden,
    });
    const devices = new DeviceSettings(media, this.#sound);
    this.#stops.push(() => devices.stop(), keepAwake());
    this.#cameraSwitch = new CameraSwitch(media);
    this.#stage.offer(this.#cameraSwitch.element);
    this.#settings = settingsDialog(
      media.remembered,
      { language: about.translate, remember: () => remember(media.remembered) },
      devices.element,
    );
    for (const dialog of [this.#settings, moderation?.element])
      dialog?.addEventListener("close", () => this.#toolbar.takeFocus());
    this.#toolbar = this.#tools();
    this.element = this.#page();
    this.#listen();
    this.update();
  }

  /** Everything is drawn from the client's and the devices' present state. */
  update(): void {
    const { peers, conversation } = this.#client;
    const { camera } = this.#media;
    const [shown] = this.#selfVideo.getVideoTracks();
    if (shown !== camera) {
      if (shown) this.#selfVideo.removeTrack(shown);
      if (camera) this.#selfVideo.addTrack(camera);
    }
    const sharing = this.#client.published("screen") !== undefined;
    this.#stage.update(
      {
        name: this.#about.name,
        video: this.#selfVideo,
        source: camera ? "camera" : null,
        microphoneMuted: !this.#media.isOn("microphone"),
        heard: this.#media.heard,
        state: sharing ? t("call.sharing") : null,
        encrypted: this.#client.encrypted,
      },
      peers,
    );
    this.#stage.hands(conversation.hands, this.#client.self);
    this.#moderation?.update();
    const heard = new Map<MediaStream, string>();
    for (const { id, audio, screenAudio } of peers)
      for (const stream of [audio, screenAudio]) if (stream) heard.set(stream, id);
    this.#sound.play(heard);
    for (const button of this.#buttons) button.update();
    this.#cameraSwitch.update();
    this.#alone.hidden = peers.length > 0;
    this.#people.update();
    this.#header.update(conversation.locked);
    this.#toolbar.update({
      sharing,
      handRaised: conversation.handRaised,
      unread: this.#chat.unread,
      panel: this.#panels.shown,
      speakerView: this.#stage.mode === "speaker",
    });
  }

  /** Where somebody is who has just come in. */
  focus(): void {
    this.#header.focus();
  }

  /** The settings again, at the language: they were there when it was chosen. */
  openLanguage(): void {
    this.showSettings();
    this.#settings.querySelector<HTMLElement>("[name=language]")?.focus();
  }

  showSettings(): void {
    this.#settings.showModal();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#toolbar.stop();
    this.#telling.stop();
    this.#view.stop();
    this.#statistics.stop();
    this.#stage.stop();
    this.#sound.stop();
  }

  #listen(): void {
    const update = () => this.update();
    const client = this.#client;
    const { conversation } = client;
    this.#stops.push(
      client.on("stages", update),
      client.on("published", update),
      client.on("peer-updated", update),
      client.on("speakers", (speakers) => {
        const now = new Set(speakers.filter(({ speaking }) => speaking).map(({ peer }) => peer));
        const self = client.self !== null && now.has(client.self);
        this.#people.speaking(now);
        this.#stage.speaking(
          now,
          self,
          speakers.map(({ peer }) => peer),
        );
      }),
      client.on("peer-joined", update),
      client.on("peer-left", update),
      conversation.on("chat", ({ said }) => {
        this.#chat.update();
        if (said && !conversation.isOwn(said) && !this.#chat.shown) this.#chat.unread += 1;
        update();
      }),
      conversation.on("hands", update),
      conversation.on("locked", update),
      conversation.on("reactions", (reactions) => {
        for (const each of reactions) this.#stage.react(each, client.self);
      }),
      this.#media.on("change", update),
      listenForShortcuts(
        () => this.#media.remembered.shortcuts,
        (action) => this.#act(action),
      ),
    );
  }

  #page(): HTMLElement {
    return h(
      "main",
      { class: "call" },
      this.#header.element,
      this.#notices.element,
      this.#stage.element,
      this.#statistics.element,
      this.#alone,
      this.#enableSound,
      this.#chat.element,
      this.#people.element,
      this.#toolbar.element,
      ...this.#toolbar.menus,
      this.#telling.element,
      this.#settings,
      this.#sound.element,
      this.#moderation?.element ?? null,
    );
  }

  #tools(): Toolbar {
    const { conversation, rights } = this.#client;
    return new Toolbar(
      this.#buttons.map((button) => button.element),
      {
        share: this.#mayShare(),
        react: rights.data,
        fullScreen: document.fullscreenEnabled,
        pictureInPicture: document.pictureInPictureEnabled ?? false,
      },
      {
        share: () => this.#act("share"),
        hand: () => this.#act("hand"),
        react: (reaction) => conversation.react(reaction),
        panel: (panel) => this.#act(panel),
        view: () => this.#act("view"),
        fullScreen: () => this.#act("full-screen"),
        pictureInPicture: () => this.#act("picture-in-picture"),
        settings: () => this.#act("settings"),
        leave: () => this.#client.leave(),
      },
    );
  }

  /** What a button or a key asks for. */
  #act(action: Action): void {
    const { conversation, rights } = this.#client;
    if (action === "microphone" || action === "camera") {
      if (rights.publish.includes(action)) void this.#media.set(action, !this.#media.isOn(action));
    } else if (action === "share") {
      if (this.#mayShare()) void toggleShare(this.#client, this.#notices, this.#toolbar.share);
    } else if (action === "hand") conversation.raiseHand(!conversation.handRaised);
    else if (action === "react") this.#toolbar.openReactions();
    else if (action === "chat" || action === "people") this.#panels.toggle(action);
    else if (action === "view") {
      this.#stage.mode = this.#stage.mode === "grid" ? "speaker" : "grid";
      this.update();
    } else if (action === "full-screen") void toggleFullScreen();
    else if (action === "picture-in-picture") void togglePicture(this.#stage.mainVideo);
    else if (action === "statistics") this.#header.toggleStatistics();
    else if (action === "lock") {
      if (rights.moderate) conversation.lock(!conversation.locked);
    } else this.showSettings();
  }

  #mayShare(): boolean {
    return canShareScreen() && this.#client.rights.publish.includes("screen");
  }
}
