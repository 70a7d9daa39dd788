/** trio-sfu's client library: no UI, no global state. */
export type {
  ChatMessage,
  Moderated,
  Pause,
  PeerInfo,
  PeerReaction,
  Quality,
  Reaction,
  Rights,
  ScreenTakenOver,
  SlotLayer,
  Source,
  Speaker,
  Tile,
  TrackInfo,
  VideoLimit,
} from "../protocol.ts";
export { BACKOFF, type BackoffSettings } from "./backoff.ts";
export { Conversation, type ConversationEvents } from "./conversation.ts";
export type { EncryptionSource, EncryptionState } from "./end-to-end.ts";
export { type LocalCode, RoomError } from "./errors.ts";
export type { RemotePeer } from "./others.ts";
export type { Publication } from "./publications.ts";
export { RoomClient } from "./room-client.ts";
export type { RoomEvents } from "./room-events.ts";
export type { JoinOptions, RoomClientSettings } from "./room-settings.ts";
export { canShareScreen, type ShareContent, ShareError, type ShareOptions } from "./screen.ts";
export type { Secrecy, TextCipher, WrittenMessage } from "./sealed-text.ts";
export type { RoomState } from "./state.ts";
export type { RoomView } from "./viewing.ts";
