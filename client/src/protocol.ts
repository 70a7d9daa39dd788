// Generated from trio_sfu/signaling/messages.py by
// `python -m trio_sfu.signaling.schema`. Do not edit.

export const SUBPROTOCOL = "trio-sfu.v1";
export const MAX_MESSAGE_BYTES = 327680;
export const ROOM_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)/;
export const ROOM_NAME_MAX_LENGTH = 64;
export const DISPLAY_NAME_MAX_LENGTH = 64;
export const CHAT_TEXT_MAX_LENGTH = 8100;

export type Source = "camera" | "microphone" | "screen" | "screen-audio";

export type Quality = "off" | "low" | "medium" | "high";

export type Kind = "audio" | "video";

export type Connection = "connecting" | "connected" | "lost";

export type LeaveReason =
  | "left"
  | "gone"
  | "timeout"
  | "failed"
  | "replaced"
  | "removed"
  | "moved"
  | "room-closed";

export type VideoLimit = "high" | "medium" | "low" | "screens" | "none";

export type Pause = "hidden" | "bandwidth" | "overload" | "room" | "unsupported" | "not-sent";

export type VideoCodec = "vp8" | "vp9" | "h264" | "av1";

export type ModerationCode =
  | "muted-by-moderator"
  | "removed-by-moderator"
  | "muted-by-operator"
  | "hand-lowered-by-moderator"
  | "screen-taken-over";

export type Reaction = "thumbs-up" | "clap" | "heart" | "laugh" | "surprise" | "celebrate";

export type ErrorCode =
  | "message-malformed"
  | "message-unknown"
  | "message-binary"
  | "message-too-large"
  | "not-joined"
  | "already-joined"
  | "rate-limited"
  | "join-timeout"
  | "slow-consumer"
  | "heartbeat-timeout"
  | "protocol-error"
  | "room-full"
  | "too-many-rooms"
  | "too-many-peers"
  | "room-unavailable"
  | "server-busy"
  | "server-draining"
  | "too-many-joins"
  | "too-many-joins-from-address"
  | "too-many-joins-of-identity"
  | "room-locked"
  | "join-barred"
  | "token-required"
  | "token-too-large"
  | "token-malformed"
  | "token-algorithm-refused"
  | "token-key-unknown"
  | "token-signature-invalid"
  | "token-claims-invalid"
  | "token-audience-wrong"
  | "token-room-wrong"
  | "token-expiry-missing"
  | "token-lifetime-too-long"
  | "token-not-yet-valid"
  | "token-expired"
  | "token-used"
  | "too-many-used-tokens"
  | "replaced"
  | "removed"
  | "removed-by-moderator"
  | "moved"
  | "room-closed"
  | "trial-over"
  | "server-stopping"
  | "peer-failed"
  | "room-failed"
  | "connection-failed"
  | "dtls-timeout"
  | "dtls-failed"
  | "dtls-closed"
  | "consent-expired"
  | "too-many-transports"
  | "ice-timeout"
  | "engine-unstable"
  | "worker-lost"
  | "events-lost"
  | "media-failed"
  | "resume-unknown"
  | "offer-invalid"
  | "offer-too-large"
  | "too-many-offers"
  | "offer-mismatch"
  | "no-common-codec"
  | "no-fingerprint"
  | "unsupported-fingerprint"
  | "no-bundle"
  | "too-many-lines"
  | "too-many-slots"
  | "too-many-tracks"
  | "unknown-mid"
  | "bad-direction"
  | "mid-changed"
  | "not-negotiated"
  | "publish-denied"
  | "moderate-denied"
  | "data-denied"
  | "chat-empty"
  | "chat-too-fast"
  | "gesture-too-fast"
  | "unknown-peer"
  | "refused";

/** A track somebody publishes. */
export interface TrackInfo {
  source: Source;
  muted: boolean;
}

/**
 * A peer as the others see it.
 *
 * `identity` and `metadata` are what its join token says; null where there is none.
 * `encrypted`: it says that it encrypts what it sends end to end.
 */
export interface PeerInfo {
  id: string;
  name: string;
  tracks: TrackInfo[];
  connection: Connection;
  identity: string | null;
  metadata: string | null;
  encrypted: boolean;
}

/** An RTCIceServer (W3C webrtc-pc). */
export interface IceServer {
  urls: string[];
  username: string | null;
  credential: string | null;
}

/**
 * What a peer may do: what is not named it may not.
 *
 * `publish`: the sources it may send. `subscribe`: see, hear and read the others.
 * `data`: write to the others, and react. `moderate`: mute and remove others, lower
 * their hands, lock the room. `record` is reserved: it is carried, and nothing asks for
 * it yet.
 */
export interface Rights {
  publish: Source[];
  subscribe: boolean;
  data: boolean;
  moderate: boolean;
  record: boolean;
}

/**
 * The client is in the room. `peers` are the others.
 *
 * `name` is what they see it as, `rights` what it may do, as long as the session lives.
 */
export interface Joined {
  type: "joined";
  peer: string;
  room: string;
  resumeToken: string;
  peers: PeerInfo[];
  iceServers: IceServer[];
  name: string;
  rights: Rights;
}

/**
 * The session goes on. `peers` are the others now; `slots` and `slot-shows` follow.
 *
 * What the old socket lost is lost: the client repeats what was not answered, and what
 * it publishes and prefers.
 */
export interface Resumed {
  type: "resumed";
  peer: string;
  room: string;
  peers: PeerInfo[];
}

/** The SDP answer to the offer `id`, all of the server's candidates in it. */
export interface Answer {
  type: "answer";
  id: number;
  sdp: string;
}

/** Somebody entered the room. */
export interface PeerJoined {
  type: "peer-joined";
  peer: PeerInfo;
}

/**
 * Somebody's tracks, mute states or connection changed.
 *
 * In large rooms changes that follow each other closely are told as one.
 */
export interface PeerUpdated {
  type: "peer-updated";
  peer: PeerInfo;
}

/**
 * Somebody is gone.
 *
 * `reason`: left, gone (socket and media silent), timeout (no consent),
 * failed (its session ended by an error), replaced, removed, moved (to another room),
 * room-closed.
 */
export interface PeerLeft {
  type: "peer-left";
  peer: string;
  reason: LeaveReason;
}

/** What a slot is mapped to. `peer` and `source` are null while it is dark. */
export interface SlotState {
  mid: string;
  peer: string | null;
  source: Source | null;
}

/** The whole mapping of the client's slots, sent whenever it changes. */
export interface Slots {
  type: "slots";
  slots: SlotState[];
}

/** The first packet of a new source or encoding left the server on this slot. */
export interface SlotShows {
  type: "slot-shows";
  mid: string;
  peer: string;
  source: Source;
  rid: string;
}

/**
 * What the server sends on a slot of video.
 *
 * `rid`, `spatial` and `temporal` are the highest layer of it (`spatial`,
 * `temporal`: null is all there are; `rid` is null while nothing is sent), `bitrate`
 * what that costs in bits/s, `width` and `height` its size in pixels, 0 where they are
 * not known. `wanted` is the encoding that the size of the tile asks for; one that is
 * above `rid` is waited for or not affordable.
 *
 * `paused` says why nothing is sent: hidden (nobody looks, or the client prefers it
 * off), bandwidth (the network does not carry it), overload (of the server), room (it has
 * no such video), unsupported (the client cannot decode it), not-sent (its publisher sends
 * nothing at the moment).
 * `loss` is the share of the slot's packets that the client reports as lost, null
 * where it is not known.
 */
export interface SlotLayer {
  mid: string;
  rid: string | null;
  spatial: number | null;
  temporal: number | null;
  bitrate: number;
  width: number;
  height: number;
  wanted: string | null;
  paused: Pause | null;
  loss: number | null;
}

/**
 * What is sent on the slots of video, whenever that changes; all that are mapped.
 *
 * `estimate` is what the network to the client carries, in bits/s, as the server
 * measures it; null while it does not know.
 */
export interface SlotQuality {
  type: "slot-state";
  slots: SlotLayer[];
  estimate: number | null;
}

/**
 * Which encodings of the client's `source` somebody watches.
 *
 * The client may stop the others (`active` false in `setParameters`, webrtc-pc 5.2)
 * and goes on with them when a later message names them; who ignores it wastes bandwidth
 * and nothing else. A single encoding without a RID is `""`. Until the first of these
 * messages in a session, all are wanted.
 */
export interface SendEncodings {
  type: "send-encodings";
  source: Source;
  rids: string[];
}

/**
 * What the client should encode `source` with, so that all who watch it decode it.
 *
 * It comes when that is not what the client encodes with already: at first the first codec
 * of its answer, without spatial layers. `svc`: one stream with spatial layers (W3C
 * webrtc-svc) instead of simulcast. A client that ignores it is not seen by those who
 * lack its codec; they are told `unsupported`.
 */
export interface SendCodec {
  type: "send-codec";
  source: Source;
  codec: VideoCodec;
  svc: boolean;
}

/**
 * Those who watch the client's `source` see no picture that moves: begin it anew.
 *
 * `reason`: no-keyframe (one was asked for again and again), undecodable (keyframes come,
 * and those who watch go on asking). The client stops the encoder and starts it, which
 * needs no negotiation; it is said again every few seconds while it does not help.
 */
export interface RestartEncoder {
  type: "restart-encoder";
  source: Source;
  reason: "no-keyframe" | "undecodable";
}

/** Somebody who speaks, or did. `speaking`: they do so now. */
export interface Speaker {
  peer: string;
  speaking: boolean;
}

/**
 * Who speaks in the room, whenever that changes, at most four times a second.
 *
 * The dominant speaker is the first, also while they pause; then come the others who
 * speak and those who spoke last, the latest first: at most eight in all. The client
 * itself may be among them.
 */
export interface Speakers {
  type: "speakers";
  speakers: Speaker[];
}

/**
 * How much video the server sends, for it is overloaded or is no more. Audio goes on.
 *
 * `most`: high (all), medium or low (the best encoding of a camera), screens (no
 * cameras), none. After `joined` and `resumed` it is `high` until this says otherwise.
 */
export interface VideoLimited {
  type: "video-limited";
  most: VideoLimit;
}

/**
 * The server ends every room in `seconds`, or (null) does not intend to any more.
 *
 * It comes when that is decided and whenever it changes, and after `joined` and
 * `resumed` while it is so. Who then loses its session (`server-stopping`) rejoins.
 */
export interface Draining {
  type: "draining";
  seconds: number | null;
}

/**
 * A moderator has muted the client's `source`, lowered its hand, or removes the client.
 *
 * Or another peer has shared a screen in place of the client's (screen-taken-over): that and its
 * sound are over. The client stops the capture and says so (`publish`, `live` false); what it
 * says otherwise of its screen until then does not count. It is told again after `resumed`, and
 * in another session when it says that its screen is shared as before.
 *
 * `by` is the moderator's peer id, `name` what it is called; both are empty when it was an
 * operator, who is in no room (muted-by-operator). `reason` is theirs, and may be empty.
 * Muted, the client mutes itself and says so (`publish`); removed, the fatal `error` of
 * the same code follows.
 */
export interface Moderated {
  type: "moderated";
  code: ModerationCode;
  by: string;
  name: string;
  source: Source | null;
  reason: string;
}

/**
 * A peer, `by`, shares a screen now in place of that of `former`, which is over.
 *
 * Told to everybody but the latter, who is told by `moderated`; `name` and `formerName` are
 * what the two are called.
 */
export interface ScreenTakenOver {
  type: "screen-taken-over";
  by: string;
  name: string;
  former: string;
  formerName: string;
}

/**
 * An operator moves the client to another `room`; the fatal `error` `moved` follows.
 *
 * The client joins that room, with `replaces` and the token it has, which need not be for it.
 */
export interface Moved {
  type: "moved";
  room: string;
}

/**
 * An operator has changed what the client may do: these are its rights from now on.
 *
 * What it publishes without a right has ended. The client makes an offer: it brings what was
 * not negotiated for want of a right. After `resumed` it comes again.
 */
export interface RightsChanged {
  type: "rights-changed";
  rights: Rights;
}

/**
 * What somebody has written to the room.
 *
 * `number` counts the room's messages from 1. `peer` wrote it and may have left since;
 * `name` is what it was called. `time` is Unix time in seconds, by the server's clock.
 */
export interface ChatMessage {
  number: number;
  peer: string;
  name: string;
  time: number;
  text: string;
}

/** Somebody has written to the room; the client itself may be the one. */
export interface Chat {
  type: "chat";
  message: ChatMessage;
}

/**
 * What was written before, oldest first; after `joined` and `resumed`, if anything was.
 *
 * It takes the place of all that the client has of it. `dropped` messages before these are
 * not kept any more: a room keeps the newest 200, and 64 KiB of them, until its last peer
 * leaves.
 */
export interface ChatHistory {
  type: "chat-history";
  messages: ChatMessage[];
  dropped: number;
}

/**
 * Whose hands are raised, the first first: the whole list, whenever it changes.
 *
 * The client itself may be among them. After `joined` and `resumed` none are, until this
 * says otherwise.
 */
export interface Hands {
  type: "hands";
  peers: string[];
}

/** What somebody thinks of what is going on, for a moment. */
export interface PeerReaction {
  peer: string;
  reaction: Reaction;
}

/** What some have just shown, the client itself maybe; at most four times a second. */
export interface Reactions {
  type: "reactions";
  reactions: PeerReaction[];
}

/**
 * A moderator has locked the room, or unlocked it.
 *
 * `by` is the moderator's peer id, `name` what it is called. After `joined` and
 * `resumed` the room is not locked, until this says otherwise.
 */
export interface RoomLocked {
  type: "room-locked";
  locked: boolean;
  by: string;
  name: string;
}

/**
 * Something was refused. `fatal`: the server closes the socket after it.
 *
 * `id` is that of the request, where it had one. Codes are listed in
 * `docs/protocol.md`; `rejoin` says that joining anew may help, `retryAfter` after
 * how many seconds what was refused may be granted. `failure` is there when an error in
 * the server is the reason: under this id its operator finds the error in the log and in
 * `/api/v1/failures`.
 */
export interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  fatal: boolean;
  rejoin: boolean;
  id: number | null;
  failure: string | null;
  retryAfter: number | null;
}

/** The answer to `ping`. */
export interface Pong {
  type: "pong";
  id: number;
}

/**
 * Enter a room; the first message of a session. Answered by `joined`.
 *
 * `replaces` is the `resumeToken` of an earlier session of the same client:
 * that session's peer, if it still exists, is removed first (reason `replaced`).
 * `token` is a join token (JWT, at most 4,096 characters), where the server asks for one;
 * where it has a name, that counts and not `name`. See `docs/secure.md`.
 * `encrypted`: the client encrypts what it sends end to end (`docs/encryption.md`), so that
 * the others are told; the server does nothing else about it.
 * `trial`: the client only tests its connection. It is let in as for the room, and into
 * another one, which only those join who say the same of the same room; nobody else sees it,
 * and it ends after two minutes (`trial-over`). The name of its room in `joined` has a
 * slash. The token is not used up.
 */
export interface Join {
  type: "join";
  room: string;
  name: string;
  token?: string | null;
  encrypted?: boolean;
  trial?: string | null;
  replaces?: string | null;
}

/**
 * Go on with a session whose socket was lost; the first message of a new socket.
 *
 * Answered by `resumed` while the peer still exists: its media, its slots and its id
 * stay, and nobody else is told. Else by the fatal error `resume-unknown`; the client
 * then joins anew with `replaces`.
 */
export interface Resume {
  type: "resume";
  resumeToken: string;
}

/** Which source a `sendonly` m-line of the offer carries. */
export interface SendingLine {
  mid: string;
  source: Source;
}

/** A `recvonly` m-line of the offer. Lines of one `pair` share a msid (lip sync). */
export interface SlotLine {
  mid: string;
  kind: Kind;
  pair: number;
}

/** An SDP offer; the client always offers. Answered by `answer` with the same `id`. */
export interface Offer {
  type: "offer";
  id: number;
  sdp: string;
  sending?: SendingLine[];
  slots?: SlotLine[];
}

/** A trickled ICE candidate. The server is ICE-lite: it learns addresses from checks. */
export interface Candidate {
  type: "candidate";
  candidate: string;
  mid?: string | null;
}

/**
 * Say what a negotiated sending m-line carries from now on.
 *
 * `live` false ends the track (`screen`: the others see the camera again).
 *
 * A room has one screen at a time: one that is live and not muted takes the place of that of
 * another peer, whose client is told so (`moderated`), and everybody else
 * (`screen-taken-over`). `again`: it was said before, in a session or over a socket that was
 * lost; then it takes nobody's place, and is over when another peer shares a screen by now, or
 * has shared one meanwhile.
 */
export interface Publish {
  type: "publish";
  source: Source;
  live: boolean;
  muted?: boolean;
  again?: boolean;
}

/** The best quality the client can use of a peer's video (size of its tile). */
export interface Prefer {
  type: "prefer";
  peer: string;
  quality: Quality;
}

/**
 * How large a peer's stage video is on the client's screen, in device pixels.
 *
 * `visible` false: its tile is scrolled away or covered. `pinned`: its viewer wants it
 * before all others. A size of 0 by 0 is one that is not known.
 *
 * `source` "camera": the tile is another one, of the peer's camera beside its screen. It
 * asks for a slot of its own while both are shared. It gets one that no stage is on, and
 * video there when no stage waits for bits.
 */
export interface Tile {
  peer: string;
  width?: number;
  height?: number;
  visible?: boolean;
  pinned?: boolean;
  source?: "camera" | null;
}

/**
 * What the client shows: the whole of it, in place of what it said before.
 *
 * A peer that is not in `tiles` is taken for shown, at a size that is not known.
 * `hidden`: the page cannot be seen at all, so that no video is sent. `statistics`:
 * somebody looks at figures: `slot-state` then comes every second.
 */
export interface View {
  type: "view";
  tiles?: Tile[];
  hidden?: boolean;
  statistics?: boolean;
}

/**
 * How it was for the viewer since it last said so, in seconds; for the operator's metrics.
 *
 * `watched`: pictures that were shown, all tiles together; `frozen`: of that, pictures
 * that stood still (W3C webrtc-stats, totalFreezesDuration). `heard`: sound that was played;
 * `concealed`: of that, sound that the decoder had to make up, pauses aside.
 */
export interface Experience {
  type: "experience";
  watched?: number;
  frozen?: number;
  heard?: number;
  concealed?: number;
}

/**
 * Mute what somebody publishes; the right `moderate` is needed.
 *
 * Nothing of it is forwarded until its client has said that it is muted and, after that,
 * that it is not: only who was muted can unmute.
 */
export interface MutePeer {
  type: "mute-peer";
  peer: string;
  source: Source;
  reason?: string;
}

/**
 * Remove somebody from the room; the right `moderate` is needed.
 *
 * Who came by a join token cannot come back to the room by a token made before.
 */
export interface RemovePeer {
  type: "remove-peer";
  peer: string;
  reason?: string;
}

/**
 * Write to the people in the room; the right `data` is needed.
 *
 * Everybody who may read it gets `chat`, the client itself, too, in the same order. A
 * refusal (data-denied, chat-empty, chat-too-fast) comes in that order as well. Five at once
 * and one a second are let through.
 */
export interface SendChat {
  type: "send-chat";
  text: string;
}

/** Raise the client's hand, or lower it. Everybody is told by `hands`. */
export interface RaiseHand {
  type: "raise-hand";
  raised: boolean;
}

/**
 * Show the others what the client's user thinks; the right `data` is needed.
 *
 * It is told at once or not at all. Six gestures at once and two a second are let through,
 * raised hands among them (gesture-too-fast).
 */
export interface React {
  type: "react";
  reaction: Reaction;
}

/** Lower somebody's hand; the right `moderate` is needed. */
export interface LowerHand {
  type: "lower-hand";
  peer: string;
}

/**
 * Let nobody new in, or everybody again; the right `moderate` is needed.
 *
 * Who is in the room stays, and comes back if its session is lost. Who may moderate comes in
 * all the same. Others are refused (`room-locked`).
 */
export interface LockRoom {
  type: "lock-room";
  locked: boolean;
}

/** Leave the room; the server closes the socket with 1000. */
export interface Leave {
  type: "leave";
}

/** Is the server there? Answered by `pong` with the same `id`. */
export interface Ping {
  type: "ping";
  id: number;
}

export type ClientMessage =
  | Join
  | Resume
  | Offer
  | Candidate
  | Publish
  | Prefer
  | View
  | Experience
  | MutePeer
  | RemovePeer
  | SendChat
  | RaiseHand
  | React
  | LowerHand
  | LockRoom
  | Leave
  | Ping;

export type ServerMessage =
  | Joined
  | Resumed
  | Answer
  | PeerJoined
  | PeerUpdated
  | PeerLeft
  | Slots
  | SlotShows
  | SlotQuality
  | SendEncodings
  | SendCodec
  | RestartEncoder
  | Speakers
  | VideoLimited
  | Draining
  | Moderated
  | ScreenTakenOver
  | Moved
  | RightsChanged
  | Chat
  | ChatHistory
  | Hands
  | Reactions
  | RoomLocked
  | ErrorMessage
  | Pong;
