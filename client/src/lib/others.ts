/** The others in the room: who they are, what of them is to be seen and heard, how good they are wanted. */
import type { PeerInfo, Quality, ServerMessage } from "../protocol.ts";
import type { Encryption } from "./encryption/encryption.ts";
import { type EncryptionState, isWithheld, PeerEncryption } from "./end-to-end.ts";
import type { TellRoomEvent } from "./room-events.ts";
import { Roster, type RosterChange } from "./roster.ts";
import { NO_MEDIA, type PeerMedia, type Session } from "./session.ts";

/** Another peer, with what of it can be seen and heard now. */
export interface RemotePeer extends PeerInfo, PeerMedia {
  /** What cannot be opened is neither to be seen nor to be heard. */
  encryption: EncryptionState;
}

/** Whose others they are. */
export interface OthersOptions {
  session(): Session | null;
  media(peer: string): PeerMedia;
  encryption(): Encryption | null;
  tell: TellRoomEvent;
}

export class Others {
  readonly #options: OthersOptions;
  readonly #roster = new Roster();
  readonly #preferences = new Map<string, Quality>();
  readonly #encryption = new PeerEncryption();

  constructor(options: OthersOptions) {
    this.#options = options;
  }

  /** In the order in which they came. */
  get peers(): readonly RemotePeer[] {
    return this.#roster.peers.map((peer) => this.#remote(peer));
  }

  get count(): number {
    return this.#roster.peers.length;
  }

  has(peer: string): boolean {
    return this.#roster.get(peer) !== undefined;
  }

  prefer(peer: string, quality: Quality): void {
    if (this.#preferences.get(peer) === quality || !this.has(peer)) return;
    this.#preferences.set(peer, quality);
    this.#sayPreference(peer);
  }

  /** The server's whole list of them. */
  meet(peers: readonly PeerInfo[]): void {
    const changes = this.#roster.replace(peers);
    for (const { id } of this.#roster.peers)
      if (this.#preferences.has(id) || isWithheld(this.#encryption.of(id))) this.#sayPreference(id);
    for (const change of changes) this.#tell(change);
  }

  /** True: somebody has come. */
  received(message: ServerMessage): boolean {
    const change = this.#roster.apply(message);
    if (change) this.#tell(change);
    return change?.kind === "joined";
  }

  /** This client is in no room any more. */
  ended(): void {
    this.#preferences.clear();
    for (const change of this.#roster.replace([])) this.#tell(change);
  }

  /** Tell, and have the server told, what of them can be opened now. */
  lookAtEncryption(): void {
    const { session, encryption, tell } = this.#options;
    const opened = (peer: string) => encryption() && (session()?.opened(peer) ?? []);
    const changes = this.#encryption.next(this.#roster.peers, opened);
    for (const { peer, state, before } of changes) {
      if (isWithheld(state) !== isWithheld(before)) this.#sayPreference(peer);
      tell("encryption", { peer, state });
    }
    if (changes.length > 0) tell("stages", null);
  }

  /** What cannot be opened is not sent: a decoder without a picture asks for keyframes for ever. */
  #sayPreference(peer: string): void {
    const quality = this.#preferences.get(peer) ?? "high";
    const withheld = isWithheld(this.#encryption.of(peer));
    this.#options.session()?.prefer(peer, withheld ? "off" : quality);
  }

  #tell(change: RosterChange): void {
    const { encryption, tell } = this.#options;
    if (change.kind === "joined") tell("peer-joined", change.peer);
    else if (change.kind === "updated") tell("peer-updated", change.peer);
    else {
      this.#preferences.delete(change.peer.id);
      this.#encryption.forget(change.peer.id);
      encryption()?.ratchet();
      tell("peer-left", { peer: change.peer, reason: change.reason });
    }
    this.lookAtEncryption();
  }

  #remote(peer: PeerInfo): RemotePeer {
    const encryption = this.#encryption.of(peer.id);
    const media = isWithheld(encryption) ? NO_MEDIA : this.#options.media(peer.id);
    return { ...peer, ...media, encryption };
  }
}
