/** The other peers of the room, as the server tells them. Pure. */
import type { PeerInfo, ServerMessage } from "../protocol.ts";

export type RosterChange =
  | { kind: "joined"; peer: PeerInfo }
  | { kind: "updated"; peer: PeerInfo }
  | { kind: "left"; peer: PeerInfo; reason: string };

export class Roster {
  readonly #peers = new Map<string, PeerInfo>();

  /** In the order in which they came. */
  get peers(): readonly PeerInfo[] {
    return [...this.#peers.values()];
  }

  get(id: string): PeerInfo | undefined {
    return this.#peers.get(id);
  }

  /** A new session's list takes the place of the old one; returns what that changed. */
  replace(peers: readonly PeerInfo[]): RosterChange[] {
    const changes: RosterChange[] = [];
    const kept = new Set(peers.map((peer) => peer.id));
    for (const peer of this.#peers.values())
      if (!kept.has(peer.id)) changes.push({ kind: "left", peer, reason: "gone" });
    for (const change of changes) this.#peers.delete(change.peer.id);
    for (const peer of peers) changes.push(this.#put(peer));
    return changes;
  }

  /** Returns the change, or null for messages that are about something else or about nobody here. */
  apply(message: ServerMessage): RosterChange | null {
    if (message.type === "peer-joined" || message.type === "peer-updated")
      return this.#put(message.peer);
    if (message.type !== "peer-left") return null;
    const peer = this.#peers.get(message.peer);
    if (!peer) return null;
    this.#peers.delete(message.peer);
    return { kind: "left", peer, reason: message.reason };
  }

  #put(peer: PeerInfo): RosterChange {
    const kind = this.#peers.has(peer.id) ? "updated" : "joined";
    this.#peers.set(peer.id, peer);
    return { kind, peer };
  }
}
