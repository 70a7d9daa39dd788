/** What a RoomClient tells those who listen. */
import type {
  Moderated,
  PeerInfo,
  Rights,
  ScreenTakenOver,
  Source,
  Speaker,
  VideoLimit,
} from "../protocol.ts";
import type { EncryptionState } from "./end-to-end.ts";
import type { RoomError } from "./errors.ts";
import type { Publication } from "./publications.ts";
import type { RoomState } from "./state.ts";

export interface RoomEvents {
  /** `error` says why, when it was not asked for. */
  state: { state: RoomState; previous: RoomState; error: RoomError | null };
  "peer-joined": PeerInfo;
  "peer-updated": PeerInfo;
  "peer-left": { peer: PeerInfo; reason: string };
  /** What is to be seen and heard of some peers has changed: read `peers` again. */
  stages: null;
  /** What this client publishes has changed, by a call or by the browser ending the track. */
  published: { source: Source; publication: Publication | null };
  /** The media connection's state. */
  connection: RTCPeerConnectionState;
  /** What the browser has counted (W3C webrtc-stats): the client's own look, every 2 s. */
  statistics: RTCStatsReport;
  /** A request was refused; the call goes on. */
  error: RoomError;
  /** The server is too busy for a join, which is tried again after `seconds`. */
  waiting: { error: RoomError; seconds: number };
  /** The server is overloaded and sends less video, or is no more and sends all. */
  "video-limited": VideoLimit;
  /** In so many seconds the server ends the room, or (null) does not intend to any more. */
  draining: number | null;
  /** Whether what a peer sends can be opened here, whenever that changes; `peers` has it too. */
  encryption: { peer: string; state: EncryptionState };
  /** Who speaks, the dominant speaker first; then who spoke last. */
  speakers: readonly Speaker[];
  /**
   * A moderator has muted `source` (it is muted by now), or removes this client. Or somebody else
   * shares a screen now (`screen-taken-over`): this client's own is over.
   */
  moderated: Moderated;
  /** Somebody, maybe this client, shares a screen now in place of another peer. */
  "screen-taken-over": ScreenTakenOver;
  /** An operator has changed what this client may do. */
  "rights-changed": Rights;
  /** An operator moves this client to another room, which it joins by itself. */
  moved: string;
}

export type TellRoomEvent = <Name extends keyof RoomEvents>(
  name: Name,
  detail: RoomEvents[Name],
) => void;
