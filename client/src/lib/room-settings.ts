/** What a RoomClient is given. */
import type { BackoffSettings } from "./backoff.ts";
import type { EncryptionSource } from "./end-to-end.ts";
import type { OpenSocket } from "./signaling.ts";

export interface JoinOptions {
  room: string;
  name: string;
  /** A join token, where the server asks for one; it comes with every session of this client. */
  token?: string;
  /** Encrypt end to end, and take nothing that is not: see docs/encryption.md. */
  encryption?: EncryptionSource;
}

export interface RoomClientSettings {
  /** Default: `/signal` of the server this page came from. */
  url?: string;
  backoff?: BackoffSettings;
  openSocket?: OpenSocket;
  createPeerConnection?: () => RTCPeerConnection;
}

const PEER_CONNECTION: RTCConfiguration = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" };

export function createPeerConnection(settings: RoomClientSettings): RTCPeerConnection {
  return settings.createPeerConnection?.() ?? new RTCPeerConnection(PEER_CONNECTION);
}
