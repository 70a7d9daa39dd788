import type { ErrorCode } from "../protocol.ts";

/**
 * What a room can refuse or lose, by a stable code: those of the server (see
 * docs/protocol.md) and the ones found on this side, listed here.
 */
export type LocalCode =
  | "server-unreachable" // the first socket could not be opened
  | "server-gone" // every attempt to come back failed for `giveUpAfter`
  | "signaling-lost" // the socket closed or went silent without an error message
  | "protocol-error" // the server said something this client cannot read
  | "media-failed" // ICE or DTLS failed after it had been tried for long enough
  | "no-webrtc" // the browser has no RTCPeerConnection
  | "request-timeout" // the server did not answer a request
  | "encryption-unsupported" // the browser has no encoded transforms, or no Web Crypto
  | "encryption-failed" // there is no secret, or the worker cannot be run
  | "left"; // leave() was called before the join was done

export class RoomError extends Error {
  override readonly name = "RoomError";

  constructor(
    /** Stable; what to branch on. */
    readonly code: LocalCode | ErrorCode | (string & {}),
    message: string,
    /** Whether joining anew may help. */
    readonly rejoin = false,
    /** After how many seconds what was refused may be granted, where the server says. */
    readonly retryAfter: number | null = null,
    /** When an error in the server is the reason: the id its operator finds it under. */
    readonly failure: string | null = null,
  ) {
    super(message);
  }
}

/** `thrown` as a RoomError, so that `catch` blocks end in one type. */
export function asRoomError(thrown: unknown, code: LocalCode): RoomError {
  if (thrown instanceof RoomError) return thrown;
  return new RoomError(code, thrown instanceof Error ? thrown.message : String(thrown));
}
