/** What is around the tiles of a call, in the page's language and for what its user may do. */
import { canShareScreen } from "../lib/index.ts";
import { DEVICES } from "./capture.ts";
import { type ChatKept, ChatPanel } from "./chat-panel.ts";
import { DeviceButton } from "./device-buttons.ts";
import { DeviceSettings } from "./device-settings.ts";
import { h } from "./dom.ts";
import type { Equipment } from "./equipment.ts";
import { CallHeader } from "./header.ts";
import { t } from "./language.ts";
import { toggleFullScreen, togglePicture } from "./larger.ts";
import { Moderation } from "./moderation.ts";
import { PeoplePanel } from "./people-panel.ts";
import { remember } from "./remembered.ts";
import { settingsDialog } from "./settings.ts";
import { toggleShare } from "./share.ts";
import type { Action } from "./shortcuts.ts";
import { type PanelName, SidePanels } from "./side-panels.ts";
import { type Sound, soundPrompt } from "./sound.ts";
import type { Stage } from "./stage.ts";
import type { Statistics } from "./statistics.ts";
import { Telling } from "./telling.ts";
import { Toolbar } from "./toolbar.ts";

/** What is there as long as the call. */
export interface CallParts extends Equipment {
  stage: Stage;
  sound: Sound;
  statistics: Statistics;
  /** What this user is called. */
  name: string;
  /** Show the page in another language. */
  translate(language: string): void;
  /** Something is to be drawn anew. */
  changed(): void;
}

/** What its user has begun, and goes on with when it is drawn anew. */
export interface FrameKept {
  chat: ChatKept;
  panel: PanelName | null;
}

export class CallFrame {
  /** In the order of the page: before the tiles, and after them. */
  readonly before: readonly HTMLElement[];
  readonly after: readonly HTMLElement[];
  readonly #parts: CallParts;
  readonly #moderation: Moderation;
  readonly #header: CallHeader;
  readonly #chat: ChatPanel;
  readonly #people: PeoplePanel;
  readonly #panels: SidePanels;
  readonly #telling: Telling;
  readonly #devices: DeviceSettings;
  readonly #settings: HTMLDialogElement;
  readonly #toolbar: Toolbar;
  readonly #buttons: Readonly<Record<(typeof DEVICES)[number], DeviceButton>>;
  readonly #alone = h("p", { class: "alone" }, t("call.alone"));
  readonly #enableSound: HTMLElement;

  constructor(room: string, parts: CallParts) {
    this.#parts = parts;
    const { client, media, speaker, chime, stage, sound, name } = parts;
    this.#moderation = new Moderation(client);
    this.#header = new CallHeader(room, parts.statistics, client.encrypted);
    this.#buttons = {
      microphone: new DeviceButton(media, "microphone"),
      camera: new DeviceButton(media, "camera"),
    };
    this.#enableSound = soundPrompt(() => sound.enable());
    const close = () => this.#panels.close();
    this.#chat = new ChatPanel(client.conversation, close);
    this.#people = new PeoplePanel(client, name, {
      close,
      setVolume: (peer, volume) => sound.setVolume(peer, volume),
      volume: (peer) => sound.volume(peer),
      pin: (tile) => {
        stage.pin(tile);
        parts.changed();
      },
      isPinned: (tile) => stage.isPinned(tile),
      moderate: (peer) => this.moderate(peer),
    });
    this.#panels = new SidePanels(
      { chat: this.#chat, people: this.#people },
      parts.changed,
      (panel) => this.#toolbar.opener(panel),
    );
    this.#telling = new Telling(client, {
      words: this.#header.words,
      chime,
      chimes: () => media.remembered.chime,
      readsChat: () => this.#chat.shown && !document.hidden,
    });
    this.#devices = new DeviceSettings(media, speaker, chime);
    this.#settings = settingsDialog(
      media.remembered,
      {
        language: parts.translate,
        remember: () => {
          remember(media.remembered);
          parts.changed();
        },
      },
      this.#devices.element,
    );
    for (const dialog of [this.#settings, this.#moderation.element])
      dialog.addEventListener("close", () => this.#toolbar.takeFocus());
    this.#toolbar = this.#tools();
    this.before = [this.#header.element];
    this.after = [
      this.#alone,
      this.#enableSound,
      this.#chat.element,
      this.#people.element,
      this.#toolbar.element,
      ...this.#toolbar.menus,
      this.#telling.element,
      this.#settings,
      this.#moderation.element,
    ];
    this.allow();
  }

  get panel(): PanelName | null {
    return this.#panels.shown;
  }

  /** Draw what there is now. */
  update(): void {
    const { client, stage, sound } = this.#parts;
    const { conversation, peers } = client;
    this.#moderation.update();
    for (const device of DEVICES) this.#buttons[device].update();
    this.#alone.hidden = peers.length > 0;
    this.#enableSound.hidden = !sound.blocked;
    this.#people.update();
    this.#header.update(conversation.locked);
    this.#toolbar.update({
      sharing: client.published("screen") !== undefined,
      handRaised: conversation.handRaised,
      unread: this.#chat.unread,
      panel: this.panel,
      speakerView: stage.mode === "speaker",
    });
  }

  /** Offer what this user may do now; what they are about goes on. */
  allow(): void {
    const { rights } = this.#parts.client;
    const devices = DEVICES.filter((device) => rights.publish.includes(device));
    this.#toolbar.offer(
      devices.map((device) => this.#buttons[device].element),
      {
        share: this.#mayShare(),
        react: rights.data,
        fullScreen: document.fullscreenEnabled,
        pictureInPicture: document.pictureInPictureEnabled ?? false,
      },
    );
    this.#chat.writable = rights.data;
    this.#people.moderates = rights.moderate;
    this.#parts.stage.moderated = rights.moderate;
    if (!rights.moderate) this.#moderation.element.close();
  }

  /** Where somebody is who has just come in. */
  focus(): void {
    this.#header.focus();
  }

  /** One is in another room now. */
  moved(room: string): void {
    this.#header.moved(room);
    this.#chat.unread = 0;
    this.#chat.update();
  }

  /** Draw what has been written. @param unread it may not have been seen. */
  written(unread: boolean): void {
    this.#chat.update();
    if (unread && !this.#chat.shown) this.#chat.unread += 1;
  }

  /** Mark who is heard at the server. */
  speaking(peers: ReadonlySet<string>): void {
    this.#people.speaking(peers);
  }

  /** Opens what a moderator can do about a peer. */
  moderate(peer: string): void {
    this.#moderation.open(peer);
  }

  showSettings(): void {
    this.#settings.showModal();
  }

  /** The settings again, at the language: they were there when it was chosen. */
  openLanguage(): void {
    this.showSettings();
    this.#settings.querySelector<HTMLElement>("[name=language]")?.focus();
  }

  keep(): FrameKept {
    return { chat: this.#chat.keep(), panel: this.panel };
  }

  /** Go on where its user was; to be called when it is in the page. */
  resume({ chat, panel }: FrameKept): void {
    if (panel) this.#panels.show(panel);
    this.#chat.resume(chat);
  }

  stop(): void {
    this.#devices.stop();
    this.#toolbar.stop();
    this.#telling.stop();
    for (const element of [...this.before, ...this.after]) element.remove();
  }

  /** What a button or a key asks for. */
  act(action: Action): void {
    const { client, media, notices, stage } = this.#parts;
    const { conversation, rights } = client;
    if (action === "microphone" || action === "camera") {
      if (rights.publish.includes(action)) void media.set(action, !media.isOn(action));
    } else if (action === "share") {
      const { content } = media.remembered;
      if (this.#mayShare()) void toggleShare(client, notices, this.#toolbar.share, content);
    } else if (action === "hand") conversation.raiseHand(!conversation.handRaised);
    else if (action === "react") this.#toolbar.openReactions();
    else if (action === "chat" || action === "people") this.#panels.toggle(action);
    else if (action === "view") {
      stage.mode = stage.mode === "grid" ? "speaker" : "grid";
      this.#parts.changed();
    } else if (action === "full-screen") void toggleFullScreen();
    else if (action === "picture-in-picture") void togglePicture(stage.mainVideo);
    else if (action === "statistics") this.#header.toggleStatistics();
    else if (action === "lock") {
      if (rights.moderate) conversation.lock(!conversation.locked);
    } else this.showSettings();
  }

  #tools(): Toolbar {
    const { client } = this.#parts;
    return new Toolbar({
      share: () => this.act("share"),
      hand: () => this.act("hand"),
      react: (reaction) => client.conversation.react(reaction),
      panel: (panel) => this.act(panel),
      view: () => this.act("view"),
      fullScreen: () => this.act("full-screen"),
      pictureInPicture: () => this.act("picture-in-picture"),
      settings: () => this.act("settings"),
      leave: () => client.leave(),
    });
  }

  #mayShare(): boolean {
    return canShareScreen() && this.#parts.client.rights.publish.includes("screen");
  }
}
