/** Two soft notes when somebody joins, or a speaker is chosen, made here: no file. */
import type { Speaker } from "./speaker.ts";

const NOTES = [
  { hertz: 587.33, after: 0 },
  { hertz: 880, after: 0.12 },
] as const;
const LASTS = 0.35;
const LOUDNESS = 0.08;
/** Between two, ms: a crowd that arrives rings once. */
const APART = 3_000;
/** The browser begins to play within this, ms, or does not let the page before a click. */
const BEGINS_WITHIN = 500;

interface Instrument {
  context: AudioContext;
  output: MediaStreamAudioDestinationNode;
  player: HTMLAudioElement;
}

export class Chime {
  readonly #speaker: Speaker;
  #instrument: Instrument | null = null;
  #rang = Number.NEGATIVE_INFINITY;

  constructor(speaker: Speaker) {
    this.#speaker = speaker;
  }

  /** @param again although it has rung just now: somebody asked for it. */
  async ring(again = false): Promise<void> {
    const now = performance.now();
    if (!again && now - this.#rang < APART) return;
    this.#rang = now;
    this.#instrument ??= this.#begin();
    const { context, output, player } = this.#instrument;
    const late = new Promise((resolve) => setTimeout(resolve, BEGINS_WITHIN));
    const begins = Promise.all([context.resume(), player.play(), this.#speaker.add(player)]);
    await Promise.race([begins, late]).catch(() => undefined);
    // Else this one is not heard, and none is queued up.
    if (context.state !== "running" || player.paused) return;
    for (const { hertz, after } of NOTES) note(output, hertz, context.currentTime + after);
  }

  stop(): void {
    if (!this.#instrument) return;
    const { context, player } = this.#instrument;
    this.#instrument = null;
    this.#speaker.remove(player);
    player.srcObject = null;
    void context.close().catch(() => undefined);
  }

  /** By way of an element: few browsers let a context itself be heard on a chosen speaker. */
  #begin(): Instrument {
    const context = new AudioContext();
    const output = new MediaStreamAudioDestinationNode(context);
    const player = new Audio();
    player.srcObject = output.stream;
    return { context, output, player };
  }
}

function note(output: AudioNode, hertz: number, begins: number): void {
  const { context } = output;
  const tone = new OscillatorNode(context, { frequency: hertz });
  const level = new GainNode(context, { gain: 0 });
  level.gain.setValueAtTime(0, begins);
  level.gain.linearRampToValueAtTime(LOUDNESS, begins + 0.02);
  level.gain.exponentialRampToValueAtTime(0.0005, begins + LASTS);
  tone.connect(level).connect(output);
  tone.start(begins);
  tone.stop(begins + LASTS);
}
