/** How loud a microphone is, many times a second, while somebody looks. */

/** @returns 0 (silence) to 1, from samples in -1…1: decibels over a range of 60. Pure. */
export function level(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms === 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(rms)) / 60));
}

/** Calls `show` with the level of `track` on every frame; returns what stops it. */
export function watchLevel(track: MediaStreamTrack, show: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  const source = context.createMediaStreamSource(new MediaStream([track]));
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const resume = () => void context.resume();
  // A page that was never clicked may not start audio.
  if (context.state === "suspended") document.addEventListener("pointerdown", resume);

  let frame = requestAnimationFrame(function measure() {
    analyser.getFloatTimeDomainData(samples);
    show(level(samples));
    frame = requestAnimationFrame(measure);
  });
  return () => {
    cancelAnimationFrame(frame);
    document.removeEventListener("pointerdown", resume);
    void context.close();
  };
}
