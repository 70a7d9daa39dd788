/** The call: the tiles, and around them the controls, the panels and what there is to tell. */
import { CallFrame } from "./call-frame.ts";
import { CameraSwitch } from "./camera-switch.ts";
import { h } from "./dom.ts";
import type { Equipment } from "./equipment.ts";
import { watchGrades } from "./grades.ts";
import { t } from "./language.ts";
import { listenForShortcuts } from "./shortcuts.ts";
import { Sound } from "./sound.ts";
import { Stage } from "./stage.ts";
import { Statistics } from "./statistics.ts";
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
  readonly #equipment: Equipment;
  readonly #about: About;
  readonly #view: ViewWatch;
  readonly #stage: Stage;
  readonly #sound: Sound;
  readonly #statistics: Statistics;
  readonly #selfVideo = new MediaStream();
  readonly #cameraSwitch: CameraSwitch;
  readonly #stops: (() => void)[] = [];
  #room: string;
  #speaking: ReadonlySet<string> = new Set();
  #frame: CallFrame;

  constructor(equipment: Equipment, about: About) {
    this.#equipment = equipment;
    this.#about = about;
    this.#room = about.room;
    const { client, media, notices } = equipment;
    const changed = () => this.update();
    this.#view = new ViewWatch((view) => client.setView(view));
    this.#stage = new Stage(this.#view, changed, (peer) => this.#frame.moderate(peer));
    this.#statistics = new Statistics(client, about.name);
    this.#sound = new Sound(equipment.speaker, changed);
    this.#cameraSwitch = new CameraSwitch(media);
    this.#stage.offer(this.#cameraSwitch.element);
    const own = [notices, this.#stage, this.#statistics, this.#sound];
    this.element = h("main", { class: "call" }, ...own.map(({ element }) => element));
    this.#frame = this.#draw();
    this.#stops.push(keepAwake());
    this.#listen();
    this.update();
  }

  /** Everything is drawn from the client's and the devices' present state. */
  update(): void {
    const { client, media } = this.#equipment;
    const { peers, conversation } = client;
    const { camera } = media;
    const [shown] = this.#selfVideo.getVideoTracks();
    if (shown !== camera) {
      if (shown) this.#selfVideo.removeTrack(shown);
      if (camera) this.#selfVideo.addTrack(camera);
    }
    this.#stage.update(
      {
        name: this.#about.name,
        video: this.#selfVideo,
        source: camera ? "camera" : null,
        microphoneMuted: !media.isOn("microphone"),
        heard: media.heard,
        state: client.published("screen") === undefined ? null : t("call.sharing"),
        encrypted: client.encrypted,
      },
      peers,
      media.remembered.presenter,
    );
    this.#stage.hands(conversation.hands, client.self);
    const heard = new Map<MediaStream, string>();
    for (const { id, audio, screenAudio } of peers)
      for (const stream of [audio, screenAudio]) if (stream) heard.set(stream, id);
    this.#sound.play(heard);
    this.#cameraSwitch.update();
    this.element.toggleAttribute("data-panel", this.#frame.panel !== null);
    this.#frame.update();
  }

  /** Where somebody is who has just come in. */
  focus(): void {
    this.#frame.focus();
  }

  /** Say everything in the page's language; pictures, sound and what was begun go on. */
  translate(): void {
    const kept = this.#frame.keep();
    this.#frame.stop();
    this.#stage.translate();
    this.#cameraSwitch.translate();
    this.#statistics.translate();
    this.#frame = this.#draw();
    this.#frame.resume(kept);
    this.#frame.speaking(this.#speaking);
    this.update();
    this.#frame.openLanguage();
  }

  /** What this user may do has changed. */
  allow(): void {
    this.#frame.allow();
    this.update();
  }

  /** One is in another room now. */
  moved(room: string): void {
    this.#room = room;
    this.#frame.moved(room);
  }

  showSettings(): void {
    this.#frame.showSettings();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#frame.stop();
    this.#view.stop();
    this.#statistics.stop();
    this.#stage.stop();
    this.#sound.stop();
  }

  /** Around what stays where it is: a video that is moved would stop. */
  #draw(): CallFrame {
    const { name, translate } = this.#about;
    const frame = new CallFrame(this.#room, {
      ...this.#equipment,
      stage: this.#stage,
      sound: this.#sound,
      statistics: this.#statistics,
      name,
      translate,
      changed: () => this.update(),
    });
    this.element.prepend(...frame.before);
    this.#statistics.element.after(...frame.after);
    return frame;
  }

  #listen(): void {
    const update = () => this.update();
    const { client, media } = this.#equipment;
    const { conversation } = client;
    this.#stops.push(
      watchGrades(client, (grades) => this.#stage.connections(grades)),
      client.on("stages", update),
      client.on("published", update),
      client.on("peer-updated", update),
      client.on("speakers", (speakers) => {
        const now = new Set(speakers.filter(({ speaking }) => speaking).map(({ peer }) => peer));
        const self = client.self !== null && now.has(client.self);
        this.#speaking = now;
        this.#frame.speaking(now);
        this.#stage.speaking(
          now,
          self,
          speakers.map(({ peer }) => peer),
        );
      }),
      client.on("peer-joined", update),
      client.on("peer-left", update),
      conversation.on("chat", ({ said }) => {
        this.#frame.written(said !== null && !conversation.isOwn(said));
        update();
      }),
      conversation.on("hands", update),
      conversation.on("locked", update),
      conversation.on("reactions", (reactions) => {
        for (const each of reactions) this.#stage.react(each, client.self);
      }),
      media.on("change", update),
      listenForShortcuts(
        () => media.remembered.shortcuts,
        (action) => this.#frame.act(action),
      ),
    );
  }
}
