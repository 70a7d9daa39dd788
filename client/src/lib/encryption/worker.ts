/** The worker: every frame of every line goes through here (W3C webrtc-encoded-transform). */
import { Opener } from "./opener.ts";
import { Sealer } from "./sealer.ts";
import { Verdict } from "./verdict.ts";
import type { FromWorker, LineOptions, ToWorker } from "./worker-messages.ts";

interface EncodedFrame {
  data: ArrayBuffer;
  getMetadata(): { mimeType?: string };
}

interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: LineOptions;
}

/** DedicatedWorkerGlobalScope, which is not in the types of pages. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  onrtctransform: ((event: { transformer: Transformer }) => void) | null;
  postMessage(message: FromWorker): void;
}

const scope = globalThis as unknown as Scope;
const sealer = new Sealer();
const opener = new Opener();
const verdicts = new Map<number, Verdict>();

function codecOf(frame: EncodedFrame): string {
  return (frame.getMetadata().mimeType ?? "").toLowerCase();
}

function sealing(): TransformStream<EncodedFrame, EncodedFrame> {
  return new TransformStream({
    async transform(frame, out) {
      const sealed = await sealer.seal(codecOf(frame), new Uint8Array(frame.data));
      if (!sealed) return;
      frame.data = sealed.slice().buffer;
      out.enqueue(frame);
    },
  });
}

function opening(line: number): TransformStream<EncodedFrame, EncodedFrame> {
  const opens = opener.line();
  const verdict = new Verdict();
  verdicts.set(line, verdict);
  return new TransformStream({
    async transform(frame, out) {
      const opened = await opens.open(codecOf(frame), new Uint8Array(frame.data));
      const refused = typeof opened === "string";
      // An empty frame says nothing about keys.
      if (frame.data.byteLength > 0 && verdict.next(refused ? opened : null))
        scope.postMessage({ type: "line", line, state: verdict.state });
      if (refused) return;
      frame.data = opened.slice().buffer;
      out.enqueue(frame);
    },
  });
}

scope.onrtctransform = ({ transformer: { readable, writable, options } }) => {
  const through = options.side === "send" ? sealing() : opening(options.line);
  readable
    .pipeThrough(through)
    .pipeTo(writable)
    // The connection is closed.
    .catch(() => undefined)
    .finally(() => {
      if (options.side === "receive") verdicts.delete(options.line);
    });
};

scope.onmessage = ({ data }) => {
  if (data.type === "reset") for (const line of data.lines) verdicts.get(line)?.reset();
  else {
    if (data.type === "ratchet") sealer.ratchet();
    else {
      sealer.use(data.secret);
      opener.use(data.secret);
      for (const verdict of verdicts.values()) verdict.reset();
    }
    if (sealer.generation !== null)
      scope.postMessage({ type: "sealing", generation: sealer.generation });
  }
};
