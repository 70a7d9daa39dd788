/** What the people in a FakeServer's room have in common: the chat, the hands, reactions. */
import type { ChatMessage, Reaction, ServerMessage } from "../protocol.ts";

export class FakeCommons {
  readonly #tell: (message: ServerMessage) => void;
  readonly #messages: ChatMessage[] = [];
  #hands: readonly string[] = [];

  constructor(tell: (message: ServerMessage) => void) {
    this.#tell = tell;
  }

  /** To who has just joined or come back. */
  tellAll(): void {
    if (this.#messages.length > 0)
      this.#tell({ type: "chat-history", messages: this.#messages, dropped: 0 });
    if (this.#hands.length > 0) this.#tell({ type: "hands", peers: [...this.#hands] });
  }

  write(peer: string, name: string, text: string): void {
    const number = this.#messages.length + 1;
    const message = { number, peer, name, time: Date.now() / 1_000, text };
    this.#messages.push(message);
    this.#tell({ type: "chat", message });
  }

  raise(peer: string, raised: boolean): void {
    if (this.#hands.includes(peer) === raised) return;
    const others = this.#hands.filter((each) => each !== peer);
    this.#hands = raised ? [...others, peer] : others;
    this.#tell({ type: "hands", peers: [...this.#hands] });
  }

  react(peer: string, reaction: Reaction): void {
    this.#tell({ type: "reactions", reactions: [{ peer, reaction }] });
  }
}
