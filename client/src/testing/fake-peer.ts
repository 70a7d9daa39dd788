/** Somebody else in the room of a FakeServer; made by its `enters`. */
import type { PeerInfo, Reaction, Source } from "../protocol.ts";

/** What it needs of its server. */
export interface Surroundings {
  updated(peer: FakePeer): void;
  presents(peer: FakePeer): void;
  wrote(peer: FakePeer, text: string): void;
  raised(peer: FakePeer, raised: boolean): void;
  reacted(peer: FakePeer, reaction: Reaction): void;
  spoke(peer: FakePeer, speaking: boolean): void;
  left(peer: FakePeer, reason: "left" | "gone" | "timeout" | "failed"): void;
}

export class FakePeer {
  readonly id: string;
  readonly name: string;
  readonly #room: Surroundings;
  readonly #tracks = new Map<Source, boolean>();
  #connection: PeerInfo["connection"] = "connected";

  constructor(id: string, name: string, room: Surroundings) {
    this.id = id;
    this.name = name;
    this.#room = room;
  }

  /** As the client is told of it. */
  get info(): PeerInfo {
    const tracks = [...this.#tracks].map(([source, muted]) => ({ source, muted }));
    const { id, name } = this;
    const connection = this.#connection;
    return { id, name, tracks, connection, identity: null, metadata: null, encrypted: false };
  }

  publishes(source: Source): boolean {
    return this.#tracks.has(source);
  }

  /** A screen takes the place of any other in the room. */
  publish(source: Source): void {
    if (source === "screen") this.#room.presents(this);
    this.#tracks.set(source, false);
    this.#room.updated(this);
  }

  unpublish(source: Source): void {
    this.#tracks.delete(source);
    this.#room.updated(this);
  }

  mute(source: Source, muted = true): void {
    this.#tracks.set(source, muted);
    this.#room.updated(this);
  }

  /** Its media has stopped, or flows again. */
  connection(state: PeerInfo["connection"]): void {
    this.#connection = state;
    this.#room.updated(this);
  }

  write(text: string): void {
    this.#room.wrote(this, text);
  }

  raiseHand(raised = true): void {
    this.#room.raised(this, raised);
  }

  react(reaction: Reaction): void {
    this.#room.reacted(this, reaction);
  }

  speak(speaking = true): void {
    this.#room.spoke(this, speaking);
  }

  leave(reason: "left" | "gone" | "timeout" | "failed" = "left"): void {
    this.#room.left(this, reason);
  }
}
