/** End-to-end encryption as the room sees it; what does it is in `encryption/`, loaded when used. */
import type { PeerInfo } from "../protocol.ts";
import type { Encryption, EncryptionHandlers } from "./encryption/encryption.ts";
import type { LineState } from "./encryption/verdict.ts";
import { asRoomError } from "./errors.ts";

/** What the members of a call share and the server does not know. */
export type EncryptionSource =
  | { passphrase: string }
  | {
      /**
       * 16 bytes or more that only members have. Asked for when a room is entered and whenever
       * somebody has left it: another secret then shuts out who has left.
       */
      secret(room: string): BufferSource | Promise<BufferSource>;
    };

/**
 * Of a peer: nobody encrypts; nothing of it has been opened yet; what it sends is encrypted and
 * opened here; it encrypts, and this client has no secret; it encrypts with another one; it does
 * not encrypt, and is not shown for that.
 */
export type EncryptionState = "off" | "waiting" | "on" | "key-missing" | "key-wrong" | "plain";

/** What lines need of it. */
export interface LineEncryption {
  send(sender: RTCRtpSender): void;
  receive(receiver: RTCRtpReceiver): void;
  state(receiver: RTCRtpReceiver): LineState;
  reset(receivers: readonly RTCRtpReceiver[]): void;
}

/** Whether there is nothing to be seen or heard of such a peer. */
export function isWithheld(state: EncryptionState): boolean {
  return state === "key-missing" || state === "key-wrong" || state === "plain";
}

/**
 * @param encrypts whether the peer says that it encrypts.
 * @param lines the states of the lines that show it; null: this client has no secret.
 */
export function encryptionState(
  encrypts: boolean,
  lines: readonly LineState[] | null,
): EncryptionState {
  if (!lines) return encrypts ? "key-missing" : "off";
  // What really arrives goes before what the server says.
  if (lines.includes("open")) return "on";
  if (lines.includes("key")) return "key-wrong";
  return encrypts && !lines.includes("plain") ? "waiting" : "plain";
}

/** @throws RoomError */
export async function loadEncryption(
  source: EncryptionSource,
  handlers: EncryptionHandlers,
): Promise<Encryption> {
  try {
    const { Encryption } = await import("./encryption/encryption.ts");
    return new Encryption(source, handlers);
  } catch (error) {
    throw asRoomError(error, "encryption-failed");
  }
}

export interface EncryptionChange {
  peer: string;
  state: EncryptionState;
  before: EncryptionState;
}

/** What of the others can be opened, as it was told last. */
export class PeerEncryption {
  readonly #states = new Map<string, EncryptionState>();

  of(peer: string): EncryptionState {
    return this.#states.get(peer) ?? "off";
  }

  forget(peer: string): void {
    this.#states.delete(peer);
  }

  /** @param opened the states of the lines that show a peer; null: this client has no secret. */
  next(
    peers: readonly PeerInfo[],
    opened: (peer: string) => readonly LineState[] | null,
  ): EncryptionChange[] {
    const changes: EncryptionChange[] = [];
    for (const { id: peer, encrypted } of peers) {
      const state = encryptionState(encrypted ?? false, opened(peer));
      const before = this.of(peer);
      if (state === before) continue;
      this.#states.set(peer, state);
      changes.push({ peer, state, before });
    }
    return changes;
  }
}
