/** Two soft notes when somebody joins, made here: no file. */

const NOTES = [
  { hertz: 587.33, after: 0 },
  { hertz: 880, after: 0.12 },
] as const;
const LASTS = 0.35;
const LOUDNESS = 0.08;
/** Between two, ms: a crowd that arrives rings once. */
const APART = 3_000;

export class Chime {
  #context: AudioContext | null = null;
  #rang = Number.NEGATIVE_INFINITY;

  ring(): void {
    const now = performance.now();
    if (now - this.#rang < APART) return;
    this.#rang = now;
    this.#context ??= new AudioContext();
    const context = this.#context;
    // Not allowed before a click: then this one is not heard, and none is queued up.
    if (context.state !== "running") {
      void context.resume().catch(() => undefined);
      return;
    }
    for (const { hertz, after } of NOTES) this.#note(context, hertz, context.currentTime + after);
  }

  stop(): void {
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }

  #note(context: AudioContext, hertz: number, begins: number): void {
    const tone = new OscillatorNode(context, { frequency: hertz });
    const level = new GainNode(context, { gain: 0 });
    level.gain.setValueAtTime(0, begins);
    level.gain.linearRampToValueAtTime(LOUDNESS, begins + 0.02);
    level.gain.exponentialRampToValueAtTime(0.0005, begins + LASTS);
    tone.connect(level).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + LASTS);
  }
}
