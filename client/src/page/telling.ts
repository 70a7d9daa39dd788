/** Says what happens in the room: in words, to screen readers, and by a sound. */
import type { RoomClient, WrittenMessage } from "../lib/index.ts";
import type { Chime } from "./chime.ts";
import { t } from "./language.ts";
import { Words } from "./words.ts";

/** Characters of a message that are said. */
const SAID = 120;

export interface TellingWith {
  /** Where everybody sees it. */
  words: Words;
  chime: Chime;
  /** Whether a sound is wanted when somebody joins. */
  chimes(): boolean;
  /** Whether what is written can be seen as it comes. */
  readsChat(): boolean;
}

export class Telling {
  readonly element: HTMLElement;
  readonly #client: RoomClient;
  readonly #with: TellingWith;
  readonly #aloud = new Words({ hidden: true });
  readonly #stops: (() => void)[];

  constructor(client: RoomClient, using: TellingWith) {
    this.#client = client;
    this.#with = using;
    this.element = this.#aloud.element;
    const { conversation } = client;
    const { words } = using;
    let hands: readonly string[] = conversation.hands;
    this.#stops = [
      client.on("peer-joined", ({ name }) => {
        words.say(t("call.joined", { name }));
        if (using.chimes()) void using.chime.ring();
      }),
      client.on("peer-left", ({ peer }) => words.say(t("call.left", { name: peer.name }))),
      client.on("screen-taken-over", ({ by, name, formerName: former }) =>
        words.say(
          by === client.self
            ? t("call.taken-over-by-you", { former })
            : t("call.taken-over", { name, former }),
        ),
      ),
      conversation.on("chat", ({ said }) => {
        if (said && !conversation.isOwn(said)) this.#written(said);
      }),
      conversation.on("hands", (now) => {
        for (const id of now)
          if (!hands.includes(id) && id !== client.self)
            words.say(t("call.raised", { name: this.#name(id) }));
        hands = now;
      }),
      conversation.on("reactions", (reactions) => {
        for (const { peer, reaction } of reactions)
          if (peer !== client.self)
            this.#aloud.say(`${this.#name(peer)}: ${t(`reaction.${reaction}`)}`);
      }),
      conversation.on("locked", ({ locked, by, name }) => {
        if (name && by !== client.self)
          words.say(t(locked ? "call.room-locked" : "call.room-unlocked", { name }));
      }),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#with.words.stop();
    this.#aloud.stop();
  }

  #written({ name, text: written, secrecy }: WrittenMessage): void {
    const text = secrecy === "unreadable" ? t("chat.unreadable") : written;
    const short = text.length > SAID ? `${text.slice(0, SAID)}…` : text;
    const where = this.#with.readsChat() ? this.#aloud : this.#with.words;
    where.say(t("chat.said", { name, text: short }));
  }

  #name(peer: string): string {
    return this.#client.peers.find(({ id }) => id === peer)?.name ?? "";
  }
}
