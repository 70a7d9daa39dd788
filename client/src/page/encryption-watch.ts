/** Tells the user when the others cannot be seen and heard for want of the right key. */
import type { EncryptionState, RoomClient } from "../lib/index.ts";
import type { Notices } from "./notices.ts";

const CODES = ["encryption-key-missing", "encryption-key-wrong"] as const;

/**
 * What to say; null: nothing, or what is said on a tile is enough. Pure.
 *
 * Where some can be opened the key is right, and somebody else has another one.
 */
export function troubleOf(states: readonly EncryptionState[]): (typeof CODES)[number] | null {
  if (states.includes("key-missing")) return CODES[0];
  return states.includes("key-wrong") && !states.includes("on") ? CODES[1] : null;
}

export function watchEncryption(client: RoomClient, notices: Notices): void {
  let said: string | null = null;
  const look = () => {
    const code = troubleOf(client.peers.map(({ encryption }) => encryption));
    if (code === said) return;
    if (said) notices.clear(said);
    said = code;
    if (code) notices.show(code);
  };
  client.on("encryption", look);
  client.on("peer-left", look);
  client.on("state", ({ state }) => {
    if (state === "closed") said = null;
  });
}
