/** The time that is left until something, drawn anew every second. */
import { h } from "./dom.ts";

/** `0:05`, `12:30` or `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, n) => (n === 0 ? `${part}` : `${part}`.padStart(2, "0"))).join(":");
}

export class Countdown {
  // Read out every second it would keep everything else from being heard.
  readonly element = h("span", { class: "clock", "aria-hidden": "true" });
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Count from `seconds`; it stops by itself at 0. */
  start(seconds: number): void {
    this.stop();
    const end = performance.now() + seconds * 1_000;
    const draw = () => {
      const left = (end - performance.now()) / 1_000;
      this.element.textContent = clock(left);
      if (left <= 0) this.stop();
    };
    this.#timer = setInterval(draw, 1_000);
    draw();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
