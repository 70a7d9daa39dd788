/**
 * Whether a microphone gives digital silence, samples that are all zero: a switch on it, its driver
 * or the system's mixer keeps it quiet, and no `mute` event says so. Pure.
 *
 * The noise of a microphone that works is above zero in the quietest room, unless a gate cuts it off
 * there: the browser's, the driver's, the headset's. What has been quiet and not zero for a while
 * has none; what was zero for a moment between two words has one, and its silence says nothing.
 */

/** How loud a device is (W3C webrtc-stats, RTCAudioSourceStats). */
export interface Loudness {
  /** Just now, 0 to 1. */
  level: number;
  /** Of all that it has given. */
  energy: number;
}

/** Zeros for this long, ms, are no moment's. */
const LASTS = 800;
/** Whoever else may know is asked after this long, ms, so as to know it by then. */
const ASKS_AFTER = 400;
/** Below speech, above the noise of a room. */
const QUIET = 0.03;
/** Longer, ms, than the level takes to sink to zero after a word, and than a gate stays open. */
const QUIET_FOR = 2_000;
/** Silences that began and ended for no known reason: then they are a gate's. */
const MOST_ENDINGS = 2;

export class Silence {
  #device: string | null = null;
  /** The last time that somebody looked. */
  #before: { at: number; energy: number } | null = null;
  #zerosSince: number | null = null;
  #quietSince: number | null = null;
  #sounded = false;
  /** Whether a quiet room can be told from zeros; null: not known. */
  #passes: boolean | null = null;
  #silent = false;
  #asked = false;
  #endings = 0;

  /** Whether there is nothing but zeros, for which no gate is to blame. */
  get silent(): boolean {
    return this.#silent;
  }

  /**
   * To be called several times a second.
   *
   * @param device what gives the sound, by a name that is another for another one; null: nothing is
   *   to be heard now.
   * @param at now, ms.
   * @returns whether it depends on what the device gives before the browser processes it: `learn`.
   */
  next(device: string | null, sound: Loudness | null, at: number): boolean {
    if (device !== null && device !== this.#device) this.#begin(device);
    if (device === null || sound === null) {
      this.#pause();
      return false;
    }
    const { level, energy } = sound;
    const before = this.#before;
    this.#before = { at, energy };
    if (before === null) return false;
    // The level is that of a moment; that the energy is what it was tells of the time between.
    if (level === 0 && before.energy === energy) return this.#zero(before.at, at);
    this.#sound(level, at);
    return false;
  }

  /** @param zeros whether the device itself gives nothing but zeros; null: nobody can tell. */
  learn(zeros: boolean | null): void {
    if (this.#zerosSince === null) return;
    if (zeros === false) this.#passes = false;
    this.#silent = zeros === true;
  }

  #begin(device: string): void {
    this.#pause();
    this.#device = device;
    this.#passes = null;
    this.#endings = 0;
  }

  #pause(): void {
    this.#before = this.#zerosSince = this.#quietSince = null;
    this.#sounded = this.#silent = this.#asked = false;
  }

  #zero(since: number, at: number): boolean {
    this.#quietSince = null;
    this.#zerosSince ??= since;
    const lasts = at - this.#zerosSince;
    if (this.#passes === true && lasts >= LASTS) this.#silent = true;
    if (this.#passes !== null || this.#asked || lasts < ASKS_AFTER) return false;
    this.#asked = true;
    return true;
  }

  #sound(level: number, at: number): void {
    if (this.#silent) this.#ended();
    else if (this.#zerosSince !== null && this.#sounded) this.#passes = false;
    this.#zerosSince = null;
    this.#silent = this.#asked = false;
    this.#sounded = true;
    if (level >= QUIET) this.#quietSince = null;
    else this.#quietSince ??= at;
    if (this.#quietSince === null || at - this.#quietSince < QUIET_FOR) return;
    this.#passes = true;
    this.#endings = 0;
  }

  /** Somebody has found the switch, or it was a gate: it is to be shown anew that there is none. */
  #ended(): void {
    this.#endings += 1;
    this.#passes = this.#endings < MOST_ENDINGS ? null : false;
  }
}
