/** What the page and the worker that seals and opens say to each other. */
import type { LineState } from "./verdict.ts";

export type ToWorker =
  /** From now on. Not extractable: nobody reads it out of the worker. */
  | { type: "secret"; secret: CryptoKey }
  /** Somebody has left. */
  | { type: "ratchet" }
  /** These lines show somebody else now. */
  | { type: "reset"; lines: readonly number[] };

export type FromWorker =
  /** What is received on a line. */
  | { type: "line"; line: number; state: LineState }
  /** What is sent is sealed with the key of this generation. */
  | { type: "sealing"; generation: number };

/** RTCRtpScriptTransform's options. `line`: of a receiver. */
export type LineOptions = { side: "send" } | { side: "receive"; line: number };
