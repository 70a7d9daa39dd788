/**
 * End-to-end encryption of one client: the secret, the worker, and the lines that go through it.
 * docs/encryption.md says what it holds against. Loaded when it is used.
 */
import type { EncryptionSource, LineEncryption } from "../end-to-end.ts";
import { RoomError } from "../errors.ts";
import type { TextCipher } from "../sealed-text.ts";
import { secretOfBytes, secretOfPassphrase } from "./keys.ts";
import { Texts } from "./texts.ts";
import type { LineState } from "./verdict.ts";
import type { FromWorker, LineOptions, ToWorker } from "./worker-messages.ts";

/** Between two ratchets, ms: where people come and go all the time, some leave together. */
const RATCHET_EVERY = 1_000;

/** W3C webrtc-encoded-transform; not in all type definitions yet. */
declare class RTCRtpScriptTransform {
  constructor(worker: Worker, options: LineOptions);
}

interface Line {
  transform: RTCRtpScriptTransform | null;
}

export interface EncryptionHandlers {
  /** What is received on some line is another state now. */
  changed(): void;
  failed(error: RoomError): void;
}

function supported(): boolean {
  return typeof RTCRtpScriptTransform === "function" && crypto.subtle !== undefined;
}

export class Encryption implements LineEncryption, TextCipher {
  readonly #source: EncryptionSource;
  readonly #handlers: EncryptionHandlers;
  readonly #worker: Worker;
  readonly #lines = new WeakMap<RTCRtpReceiver, number>();
  readonly #states = new Map<number, LineState>();
  readonly #texts = new Texts();
  #newest = 0;
  #room: string | null = null;
  #generation: number | null = null;
  #ratchetedAt = -RATCHET_EVERY;
  #ratcheting: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @throws RoomError `encryption-unsupported` where the browser cannot. */
  constructor(source: EncryptionSource, handlers: EncryptionHandlers) {
    if (!supported())
      throw new RoomError("encryption-unsupported", "no encoded transforms or no Web Crypto here");
    this.#source = source;
    this.#handlers = handlers;
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#heard(data);
    this.#worker.onerror = () => this.#fail("the worker that encrypts cannot be run");
  }

  /** How often the key that this client sends with has been ratcheted; null: it sends nothing yet. */
  get generation(): number | null {
    return this.#generation;
  }

  /** Use the secret of `room`. Until it is there nothing is sent, and nothing is shown. */
  async enter(room: string): Promise<void> {
    if (this.#room === room) return;
    this.#room = room;
    this.#texts.enter(room);
    try {
      const secret =
        "passphrase" in this.#source
          ? await secretOfPassphrase(this.#source.passphrase, room)
          : await secretOfBytes(await this.#source.secret(room));
      // It may be in another one by now.
      if (this.#room !== room) return;
      this.#texts.use(secret);
      this.#say({ type: "secret", secret });
    } catch (error) {
      if (this.#room === room) this.#texts.fail();
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  seal(text: string, author: string): Promise<string> {
    return this.#texts.seal(text, author);
  }

  open(sealed: string, author: string): Promise<string | null> {
    return this.#texts.open(sealed, author);
  }

  send(sender: RTCRtpSender): void {
    (sender as Line).transform = new RTCRtpScriptTransform(this.#worker, { side: "send" });
  }

  receive(receiver: RTCRtpReceiver): void {
    const line = ++this.#newest;
    this.#lines.set(receiver, line);
    const options: LineOptions = { side: "receive", line };
    (receiver as Line).transform = new RTCRtpScriptTransform(this.#worker, options);
  }

  state(receiver: RTCRtpReceiver): LineState {
    return this.#states.get(this.#lines.get(receiver) ?? 0) ?? "waiting";
  }

  /** These lines show somebody else now. */
  reset(receivers: readonly RTCRtpReceiver[]): void {
    const lines = receivers.map((receiver) => this.#lines.get(receiver) ?? 0);
    for (const line of lines) this.#states.delete(line);
    if (lines.length > 0) this.#say({ type: "reset", lines });
  }

  /** Somebody has left: what is sent from now on needs other keys. */
  ratchet(): void {
    if (this.#ratcheting !== undefined) return;
    const wait = this.#ratchetedAt + RATCHET_EVERY - performance.now();
    this.#ratcheting = setTimeout(() => void this.#ratchet(), Math.max(0, wait));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#ratcheting);
    this.#worker.terminate();
  }

  async #ratchet(): Promise<void> {
    this.#ratcheting = undefined;
    this.#ratchetedAt = performance.now();
    const room = this.#room;
    if (room === null) return;
    if ("passphrase" in this.#source) this.#say({ type: "ratchet" });
    else {
      // Whoever agrees on secrets may have a new one, without those who have left.
      this.#room = null;
      await this.enter(room);
    }
  }

  #heard(message: FromWorker): void {
    if (this.#closed) return;
    if (message.type === "sealing") this.#generation = message.generation;
    else this.#states.set(message.line, message.state);
    this.#handlers.changed();
  }

  #say(message: ToWorker): void {
    if (this.#closed) return;
    // What was wrong with the former secret may be right with this one.
    if (message.type === "secret") this.#states.clear();
    this.#worker.postMessage(message);
  }

  #fail(message: string): void {
    if (!this.#closed) this.#handlers.failed(new RoomError("encryption-failed", message));
  }
}
