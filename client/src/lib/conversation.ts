/**
 * What the people of a room share besides media: what they write, their hands, their reactions,
 * and whether the room is locked. It outlives sessions, as the room does.
 */
import type {
  ChatMessage,
  ClientMessage,
  PeerReaction,
  Reaction,
  RoomLocked,
  ServerMessage,
} from "../protocol.ts";
import { Emitter } from "./emitter.ts";
import { asWritten, opened, type TextCipher, type WrittenMessage } from "./sealed-text.ts";

export interface ConversationEvents {
  /** `messages` or `unconfirmed` are others; `said`: it is new, and somebody else's or one's own. */
  chat: { said: WrittenMessage | null };
  /** Whose hands are raised, the first first. */
  hands: readonly string[];
  reactions: readonly PeerReaction[];
  /** The room was locked or unlocked; `by` is empty when it was so before this client came. */
  locked: Pick<RoomLocked, "locked" | "by" | "name">;
}

/** Messages that wait for the server at most, and messages of the room that are kept. */
const MOST_UNCONFIRMED = 16;
const MOST_KEPT = 500;
/** Above the heartbeat's. */
const FIRST_PING = 2 ** 40;

export class Conversation extends Emitter<ConversationEvents> {
  readonly #say: (message: ClientMessage) => void;
  #messages: WrittenMessage[] = [];
  #dropped = 0;
  #unconfirmed: string[] = [];
  /** This client's peer ids, of all its sessions. */
  readonly #own = new Set<string>();
  #self: string | null = null;
  #hands: readonly string[] = [];
  /** Until all has come that belongs to `joined` or `resumed`. */
  #fresh = false;
  #ping = FIRST_PING;
  #wantsHand = false;
  #locked = false;
  #cipher: TextCipher | null = null;
  /** What is being sealed, and what is being opened: each one after the other. */
  #sealing: Promise<unknown> = Promise.resolve();
  #opening: Promise<unknown> = Promise.resolve();
  /** Counts the ends, so that nothing comes in afterwards. */
  #ends = 0;

  /** @param say sends a message, or loses it when there is no session. */
  constructor(say: (message: ClientMessage) => void) {
    super();
    this.#say = say;
  }

  /** What was written, oldest first. */
  get messages(): readonly WrittenMessage[] {
    return this.#messages;
  }

  /** How many messages before those the server does not keep any more. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What this client has written and the server has not confirmed yet, oldest first. */
  get unconfirmed(): readonly string[] {
    return this.#unconfirmed;
  }

  /** Whose hands are raised, the first first. */
  get hands(): readonly string[] {
    return this.#hands;
  }

  get handRaised(): boolean {
    return this.#self !== null && this.#hands.includes(this.#self);
  }

  /** Whether nobody new is let in. */
  get locked(): boolean {
    return this.#locked;
  }

  /** From now on what is written is sealed, and what cannot be opened is not shown; null: not. */
  encryptBy(cipher: TextCipher | null): void {
    this.#cipher = cipher;
    this.#sealing = Promise.resolve();
    this.#opening = Promise.resolve();
  }

  /** Whether this client wrote it, in whatever session. */
  isOwn({ peer }: Pick<ChatMessage, "peer">): boolean {
    return this.#own.has(peer);
  }

  /**
   * Write to the room. While the session is lost it waits, and goes out with the next one.
   *
   * @returns false: it is empty, or too much waits already.
   */
  write(text: string): boolean {
    const trimmed = text.trim();
    if (!trimmed || this.#unconfirmed.length >= MOST_UNCONFIRMED) return false;
    this.#unconfirmed.push(trimmed);
    this.#send(trimmed);
    this.emit("chat", { said: null });
    return true;
  }

  /** It stays raised over lost sessions, until it is lowered by whom ever. */
  raiseHand(raised: boolean): void {
    this.#wantsHand = raised;
    this.#say({ type: "raise-hand", raised });
  }

  react(reaction: Reaction): void {
    this.#say({ type: "react", reaction });
  }

  /** As a moderator. */
  lowerHand(peer: string): void {
    this.#say({ type: "lower-hand", peer });
  }

  /** As a moderator: let nobody new in, or everybody again. */
  lock(locked: boolean): void {
    this.#say({ type: "lock-room", locked });
  }

  /** A session has begun, or goes on: what it is not told now is not so. */
  began(self: string): void {
    const anew = self !== this.#self;
    this.#self = self;
    this.#own.add(self);
    this.#fresh = true;
    this.#setHands([]);
    this.#setLocked({ locked: false, by: "", name: "" });
    if (anew && this.#wantsHand) this.#say({ type: "raise-hand", raised: true });
    // Its answer comes behind the history, if there is one.
    this.#say({ type: "ping", id: ++this.#ping });
  }

  received(message: ServerMessage): void {
    if (message.type === "chat") this.#read([message.message], ([said]) => said && this.#add(said));
    else if (message.type === "chat-history")
      this.#read(message.messages, (all) => this.#replace(all, message.dropped ?? 0));
    else if (message.type === "hands") this.#setHands(message.peers);
    else if (message.type === "pong" && message.id === this.#ping)
      this.#read([], () => this.#settled());
    else if (message.type === "reactions") this.emit("reactions", message.reactions);
    else if (message.type === "room-locked")
      this.#setLocked(this.#fresh ? { ...message, by: "", name: "" } : message);
  }

  /** A request was refused with `code`: answers come in the order of what was written. */
  refused(code: string): void {
    if (!code.startsWith("chat-") && code !== "data-denied") return;
    if (this.#unconfirmed.shift() !== undefined) this.emit("chat", { said: null });
  }

  /** The client is in no room any more. */
  ended(): void {
    this.#ends += 1;
    this.#messages = [];
    this.#unconfirmed = [];
    this.#dropped = 0;
    this.#own.clear();
    this.#self = null;
    this.#fresh = false;
    this.#wantsHand = false;
    this.#setHands([]);
    this.#setLocked({ locked: false, by: "", name: "" });
    this.emit("chat", { said: null });
  }

  /** What the session before may have lost is written again; what came through is in the history. */
  #settled(): void {
    this.#fresh = false;
    this.emit("hands", this.#hands);
    for (const text of this.#unconfirmed) this.#send(text);
  }

  #send(text: string): void {
    const cipher = this.#cipher;
    const self = this.#self;
    if (!cipher) this.#say({ type: "send-chat", text });
    // Without a session it waits for the next one, whose it is then.
    else if (self !== null)
      this.#sealing = this.#sealing
        .then(() => cipher.seal(text, self))
        .then((sealed) => self === this.#self && this.#say({ type: "send-chat", text: sealed }))
        .catch(() => undefined);
  }

  /** Have `then` take messages in the order they came in. */
  #read(messages: readonly ChatMessage[], then: (opened: WrittenMessage[]) => void): void {
    const cipher = this.#cipher;
    if (!cipher) {
      then(messages.map(asWritten));
      return;
    }
    const ends = this.#ends;
    const all = Promise.all(messages.map((message) => opened(message, cipher)));
    this.#opening = this.#opening
      .then(() => all)
      .then((opened) => ends === this.#ends && then(opened))
      .catch(() => undefined);
  }

  #add(message: WrittenMessage): void {
    this.#messages = [...this.#messages, message].slice(-MOST_KEPT);
    this.#confirm(message);
    this.emit("chat", { said: message });
  }

  #replace(messages: readonly WrittenMessage[], dropped: number): void {
    const last = this.#messages.at(-1)?.number ?? 0;
    this.#messages = [...messages];
    this.#dropped = dropped;
    for (const message of messages) if (message.number > last) this.#confirm(message);
    this.emit("chat", { said: null });
  }

  #confirm(message: WrittenMessage): void {
    if (!this.isOwn(message)) return;
    const index = this.#unconfirmed.indexOf(message.text);
    if (index >= 0) this.#unconfirmed.splice(index, 1);
  }

  #setHands(hands: readonly string[]): void {
    const had = this.handRaised;
    this.#hands = hands;
    // Lowered by a moderator, and not by a session that has ended.
    if (had && !this.handRaised && !this.#fresh) this.#wantsHand = false;
    // Not that all are down first, and then up again.
    if (!this.#fresh) this.emit("hands", hands);
  }

  #setLocked(now: ConversationEvents["locked"]): void {
    if (now.locked === this.#locked) return;
    this.#locked = now.locked;
    this.emit("locked", now);
  }
}
