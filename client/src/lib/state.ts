/** The states of a RoomClient and what may follow what. */
export type RoomState = "idle" | "joining" | "connected" | "reconnecting" | "closed";

const FOLLOWS: Record<RoomState, readonly RoomState[]> = {
  idle: ["joining", "closed"],
  joining: ["connected", "closed"],
  connected: ["reconnecting", "closed"],
  reconnecting: ["connected", "closed"],
  // The same client may be used for another call.
  closed: ["joining"],
};

/** @throws Error when `to` cannot follow `from`: a bug of this library. */
export function transition(from: RoomState, to: RoomState): RoomState {
  if (!FOLLOWS[from].includes(to)) throw new Error(`${to} cannot follow ${from}`);
  return to;
}

export type Ending =
  | { action: "retry" } //
  | { action: "close"; failed: boolean };

/**
 * What follows the end of a session.
 *
 * The first join is retried only when the server says when: whoever pressed Join is there
 * to be told of anything else. Later, everything is retried but a refusal that says that
 * joining anew will not help.
 */
export function afterSession(
  state: RoomState,
  end: { left: boolean; refused: boolean; rejoin: boolean; retryAfter: number | null },
): Ending {
  if (end.left) return { action: "close", failed: false };
  if (end.refused && end.retryAfter !== null) return { action: "retry" };
  if (state === "joining") return { action: "close", failed: true };
  if (end.refused && !end.rejoin) return { action: "close", failed: true };
  return { action: "retry" };
}
