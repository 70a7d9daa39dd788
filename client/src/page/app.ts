/** The page: which view is up, and what connects the user's devices to the room. */
import type { Moderated, RoomError, RoomEvents } from "../lib/index.ts";
import type { Asked } from "./address.ts";
import { Call } from "./call.ts";
import { fragmentOf } from "./call-key.ts";
import type { Device } from "./capture.ts";
import { tellOfDevices } from "./device-notices.ts";
import { watchEncryption } from "./encryption-watch.ts";
import { endedView } from "./ended.ts";
import { equip } from "./equipment.ts";
import { setLanguage, t } from "./language.ts";
import { type Choice, Lobby } from "./lobby.ts";
import type { WayOn } from "./notices.ts";
import { calledBefore, noteCall } from "./reloading.ts";
import { remember } from "./remembered.ts";
import { tellOfServer } from "./server-notices.ts";

/** `<html data-state>`: what tests and styles go by. */
type PageState = "lobby" | "joining" | "in-call" | "reconnecting" | "left" | "error";

/** An address that joins by itself waits this long, ms, for the devices. */
const DEVICES_WITHIN = 5_000;

interface View {
  element: HTMLElement;
  stop?(): void;
}

export class App {
  readonly #equipment = equip();
  readonly client = this.#equipment.client;
  readonly media = this.#equipment.media;
  readonly #notices = this.#equipment.notices;
  readonly #root: HTMLElement;
  readonly #asked: Asked;
  #view: View | null = null;
  #choice: Choice | null = null;
  /** The code of the notice that says why the page is reconnecting. */
  #lostCode: string | null = null;
  /** What a moderator last did to this user. */
  #moderated: Moderated | null = null;

  constructor(root: HTMLElement, asked: Asked) {
    this.#root = root;
    this.#asked = asked;
    this.media.on("change", () => this.#publish());
    tellOfDevices(this.#equipment, () => {
      if (this.#view instanceof Call) this.#view.showSettings();
      else if (this.#view instanceof Lobby) this.#view.focusDevices();
    });
    this.client.on("state", (change) => this.#changed(change));
    this.client.on("connection", (state) => {
      if (state === "connected") this.#back();
    });
    this.client.on("error", (error) => this.#refused(error));
    this.client.on("waiting", ({ error }) => this.#waiting(error));
    this.client.on("rights-changed", () => this.#rightsChanged());
    this.client.on("moved", (room) => this.#moved(room));
    this.client.on("moderated", (message) => this.#wasModerated(message));
    tellOfServer(this.#equipment);
    watchEncryption(this.client, this.#notices);
  }

  /** Of the call that is, or is asked for. */
  get key(): string | null {
    return (this.#choice ?? this.#asked).key;
  }

  async start(): Promise<void> {
    const { room, key } = this.#asked;
    const before = calledBefore();
    const join = this.#asked.join || before !== null;
    const name = before || this.#asked.name || this.media.remembered.name;
    this.#showLobby();
    const devices = this.media.start();
    // Without a name there is still something to type.
    if (!join || !room || !name) return;
    const late = new Promise((resolve) => setTimeout(resolve, DEVICES_WITHIN));
    await Promise.race([devices, late]);
    if (this.client.state === "idle") this.join({ room, name, key });
  }

  join(choice: Choice): void {
    this.#choice = choice;
    this.media.remembered.name = choice.name;
    remember(this.media.remembered);
    this.#address(choice.room);
    // Why it failed comes with the state change.
    const { token } = this.#asked;
    const { key, ...options } = choice;
    this.client
      .join({
        ...options,
        ...(token !== null && { token }),
        ...(key !== null && { encryption: { passphrase: key } }),
      })
      .catch(() => undefined);
  }

  /** A reload, or the link sent to somebody, opens the same room. */
  #address(room: string): void {
    const path = `/${room}`;
    const query = location.pathname === path ? location.search : "";
    history.replaceState(history.state, "", path + query + fragmentOf(this.key));
    document.title = `${room} – trio-sfu`;
  }

  /** The client joins the other room by itself; who comes back later comes back to that. */
  #moved(room: string): void {
    if (!this.#choice) return;
    this.#choice = { ...this.#choice, room };
    this.#address(room);
    if (this.#view instanceof Call) this.#view.moved(room);
  }

  /** There are other buttons now. */
  #rightsChanged(): void {
    this.#dropUseless();
    this.#notices.show("rights-changed");
    if (this.#view instanceof Call) this.#view.allow();
  }

  #showLobby(): void {
    this.#state("lobby");
    const linked = this.#asked.key !== null;
    const asked = { ...this.#asked, ...this.#choice, linked };
    const lobby = new Lobby(
      this.#equipment,
      asked,
      (choice) => this.join(choice),
      (language) => this.#translate(language),
    );
    this.#show(lobby);
    lobby.focus();
  }

  /** Whatever is shown is shown in the other language. */
  #translate(language: string): void {
    this.media.remembered.language = language;
    remember(this.media.remembered);
    setLanguage(language);
    document.documentElement.lang = language;
    this.#notices.translate();
    if (this.#view instanceof Lobby) {
      this.#choice = this.#view.typed;
      this.#showLobby();
      this.#view.focusLanguage();
      if (this.client.state === "joining") this.#joining();
    } else if (this.#view instanceof Call) this.#view.translate();
  }

  #showEnded(error: RoomError | null, joined: boolean): void {
    this.#state(error ? "error" : "left");
    const choice = this.#choice;
    const lobby = () => {
      this.#showLobby();
      void this.media.start();
    };
    const again = () => {
      if (!choice) return lobby();
      void this.media.start();
      this.join(choice);
    };
    this.#show({ element: endedView(error, joined, { again, lobby }, this.#moderator()) });
  }

  #changed({ state, previous, error }: RoomEvents["state"]): void {
    if (state === "joining") this.#joining();
    else if (state === "connected") {
      // Who has waited to come in has not been away.
      if (previous === "joining") this.#forgetLoss();
      else if (this.client.pc?.connectionState === "connected") this.#back();
      this.#state("in-call");
      noteCall(this.#choice?.name ?? null);
      this.#dropUseless();
      if (previous === "joining") {
        this.#showCall();
        if (this.#view instanceof Call) this.#view.focus();
      }
    } else if (state === "reconnecting") {
      this.#state("reconnecting");
      const code = error?.code ?? "signaling-lost";
      if (this.#lostCode !== code) this.#forgetLoss();
      this.#lostCode = code;
      this.#notices.clear("call.back");
      const retry = { label: "call.retry" as const, act: () => this.client.retryNow() };
      this.#notices.showCalmly(code, [retry], error?.failure ?? null);
    } else if (state === "closed") {
      noteCall(null);
      this.#notices.clear();
      this.#equipment.chime.stop();
      if (!error && previous === "joining") {
        this.#showLobby();
        return;
      }
      // After an error the devices stay ready for the next attempt.
      if (!error) this.media.stop();
      this.#showEnded(error, previous !== "joining");
    }
  }

  #joining(): void {
    this.#state("joining");
    if (this.#view instanceof Lobby) this.#view.setBusy(true);
  }

  /** Media flows again; without it the notice stays, also while joining anew works. */
  #back(): void {
    if (this.#lostCode === null) return;
    this.#forgetLoss();
    // That the notice is gone is nothing that a screen reader says.
    this.#notices.mention("call.back");
  }

  #forgetLoss(): void {
    if (this.#lostCode !== null) this.#notices.clear(this.#lostCode);
    this.#lostCode = null;
  }

  #showCall(): void {
    if (!this.#choice) return;
    const name = this.client.name ?? this.#choice.name;
    const translate = (language: string) => this.#translate(language);
    this.#show(new Call(this.#equipment, { ...this.#choice, name, translate }));
  }

  /** No camera films who may not be seen. */
  #dropUseless(): void {
    const devices: readonly Device[] = ["microphone", "camera"];
    for (const device of devices)
      if (!this.client.rights.publish.includes(device)) void this.media.drop(device);
  }

  /** The server is busy: there is something to wait for, or to give up. */
  #waiting({ code }: RoomError): void {
    if (this.#lostCode !== code) this.#forgetLoss();
    this.#lostCode = code;
    const ways: WayOn[] = [
      { label: "call.retry", act: () => this.client.retryNow() },
      { label: "notice.give-up", act: () => this.client.leave() },
    ];
    // Who has just pressed Join waits for an answer.
    if (this.client.state === "joining") this.#notices.show(code, ways);
    else this.#notices.showCalmly(code, ways);
  }

  /** The client has muted what it publishes; the device's button has to say so, too. */
  #wasModerated(message: Moderated): void {
    this.#moderated = message;
    const { code, source } = message;
    if (source === "camera" || source === "microphone") void this.media.set(source, false);
    if (source !== null || code === "hand-lowered-by-moderator")
      this.#notices.show(this.#told(code), [], null, this.#moderator());
  }

  /** The camera is back when the screen is over, if there is one. */
  #told(code: Moderated["code"]): string {
    return code === "screen-taken-over" && this.media.isOn("camera") ? `${code}-camera` : code;
  }

  /** Who it was and why, for the messages that say so. */
  #moderator(): { name: string; reason: string } {
    const { name = t("call.moderator"), reason = "" } = this.#moderated ?? {};
    return { name, reason };
  }

  #refused(error: RoomError): void {
    // Somebody left while a message about them was on its way: nothing to tell.
    if (error.code !== "unknown-peer") this.#notices.show(error.code, [], error.failure);
  }

  /** What the devices give is what the room gets. */
  #publish(): void {
    const devices: readonly Device[] = ["microphone", "camera"];
    for (const device of devices) {
      const track = this.media[device];
      const published = this.client.published(device);
      if ((published?.track ?? null) !== track) void this.client.publish(device, track);
      else if (published && track && published.muted === track.enabled)
        this.client.setMuted(device, !track.enabled);
    }
  }

  #show(view: View): void {
    this.#view?.stop?.();
    this.#view = view;
    this.#root.replaceChildren(view.element);
  }

  #state(state: PageState): void {
    document.documentElement.dataset.state = state;
  }
}
