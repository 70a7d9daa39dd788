/** Chat messages of an encrypted call, as the conversation sees them. */
import type { ChatMessage } from "../protocol.ts";

/** What a sealed text begins with: a person with another client sees what it is. */
export const SEALED_TEXT = "\u{1f512}e2ee1:";

/** Seals and opens what `author`, a peer's id, writes. */
export interface TextCipher {
  seal(text: string, author: string): Promise<string>;
  /** Null: it cannot be opened. */
  open(sealed: string, author: string): Promise<string | null>;
}

/**
 * `none`: nobody encrypts; `sealed`: it was encrypted, and is opened; `unreadable`: it cannot be
 * opened here, and its text is empty; `plain`: this client encrypts, and whoever wrote it did not.
 */
export type Secrecy = "none" | "sealed" | "unreadable" | "plain";

/** A message as it is shown. */
export interface WrittenMessage extends ChatMessage {
  readonly secrecy: Secrecy;
}

/** What is shown of a message without a cipher. */
export function asWritten(message: ChatMessage): WrittenMessage {
  return message.text.startsWith(SEALED_TEXT)
    ? { ...message, text: "", secrecy: "unreadable" }
    : { ...message, secrecy: "none" };
}

/** The same with one. */
export async function opened(message: ChatMessage, cipher: TextCipher): Promise<WrittenMessage> {
  if (!message.text.startsWith(SEALED_TEXT)) return { ...message, secrecy: "plain" };
  const text = await cipher.open(message.text, message.peer);
  return text === null
    ? { ...message, text: "", secrecy: "unreadable" }
    : { ...message, text, secrecy: "sealed" };
}
