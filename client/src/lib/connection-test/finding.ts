/** What a check of the connection found; the same shape and words as `trio-sfu doctor` has. */

export type Check =
  | "WebSocket"
  | "UDP reachability"
  | "TCP reachability"
  | "TURN"
  | "publish"
  | "receive"
  | "reconnect";

/**
 * `ok`: nothing to do; `warn`: some calls, or some people, go without; `fail`: there will be no
 * calls, or none by that way.
 */
export type FindingState = "ok" | "warn" | "fail";

/** The ways that media can take, the best first. */
export type Way = "udp" | "tcp" | "relay";

export interface Finding {
  check: Check;
  state: FindingState;
  /** Stable: `passed`, or why it is not `ok`; a code of docs/protocol.md where the server refused. */
  code: string;
  message: string;
  /** The way out; empty where there is nothing to do. */
  remedy: string;
  /** A round trip, or how long it took; null where there is nothing to measure. */
  milliseconds: number | null;
}

export function ok(check: Check, message: string, milliseconds: number | null = null): Finding {
  return { check, state: "ok", code: "passed", message, remedy: "", milliseconds };
}

export function wrong(
  state: "warn" | "fail",
  check: Check,
  { code, message, remedy }: Pick<Finding, "code" | "message" | "remedy">,
): Finding {
  return { check, state, code, message, remedy, milliseconds: null };
}

/** Whether one can call from here, by whatever way. */
export function canCall(findings: readonly Finding[]): boolean {
  const passed = (check: Check) =>
    findings.some((finding) => finding.check === check && finding.state !== "fail");
  return passed("WebSocket") && passed("publish") && passed("receive");
}

/** The way that the media of a call takes from here; null: none. */
export function wayOf(findings: readonly Finding[]): Way | null {
  const reached = (check: Check) =>
    findings.some((finding) => finding.check === check && finding.state === "ok");
  if (reached("UDP reachability")) return "udp";
  if (reached("TCP reachability")) return "tcp";
  return reached("TURN") ? "relay" : null;
}
