/**
 * Slots: the `recvonly` m-lines of this client and what the server shows in them.
 * Pure: no peer connection, mids only.
 *
 * Slots come in pairs, one audio and one video, because browsers keep lip sync by
 * the msid that the two of a pair share. Pairs without video carry screen audio.
 */
import type { SlotLine, SlotState, Source } from "../protocol.ts";

/** Pairs asked for by the first offer of a small room. */
export const FIRST_PAIRS = 4;
/** Audio-only pairs, for the sound of screens. */
export const SCREEN_AUDIO_PAIRS = 1;
/** Never more than this; peers beyond are in the list without picture and sound. */
export const MOST_PAIRS = 64;

/** How many full pairs to have for `others` peers when there are `have`: doubling, never shrinking. */
export function pairsFor(others: number, have: number): number {
  let pairs = Math.max(have, FIRST_PAIRS);
  while (pairs < others) pairs *= 2;
  return Math.min(pairs, MOST_PAIRS);
}

/** What one slot shows. */
export interface Shown {
  peer: string;
  source: Source;
  /** What it is to show. */
  mapped: Source;
  /** Whether the first packet of this source has left the server: until then the old picture stays. */
  showing: boolean;
}

/** What of a peer is to be seen and heard, by mid. */
export interface PeerSlots {
  audio: string | null;
  screenAudio: string | null;
  video: string | null;
  /** What the video slot really shows now; null while it is dark. */
  videoSource: "camera" | "screen" | null;
  /** Its camera beside its screen. */
  camera: string | null;
  /** Whether a picture of that has left the server. */
  cameraShows: boolean;
}

export class SlotTable {
  readonly #lines: SlotLine[] = [];
  readonly #shown = new Map<string, Shown>();

  /** Mids become known with the offer that creates them. */
  add(lines: readonly SlotLine[]): void {
    this.#lines.push(...lines);
  }

  get lines(): readonly SlotLine[] {
    return this.#lines;
  }

  /**
   * The server's whole mapping. A slot that stays with its peer keeps showing what it
   * showed until `shows` says that the new source is there.
   *
   * @returns the mids that show somebody else now.
   */
  map(states: readonly SlotState[]): string[] {
    const others: string[] = [];
    const mapped = new Map(states.map((state) => [state.mid, state]));
    for (const { mid } of this.#lines) {
      const state = mapped.get(mid);
      const before = this.#shown.get(mid);
      if (!state?.peer || !state.source) this.#shown.delete(mid);
      else if (before?.peer !== state.peer) {
        others.push(mid);
        const { peer, source } = state;
        this.#shown.set(mid, { peer, source, mapped: source, showing: false });
      } else {
        before.mapped = state.source;
        if (!before.showing) before.source = state.source;
      }
    }
    return others;
  }

  /** The first packet of `source` left the server on `mid`. A late word about a former mapping is ignored. */
  shows(mid: string, peer: string, source: Source): void {
    const shown = this.#shown.get(mid);
    if (shown?.peer !== peer) return;
    shown.source = source;
    shown.showing = true;
  }

  /** What `peer` is to be seen and heard by. */
  of(peer: string): PeerSlots {
    const slots: PeerSlots = {
      audio: null,
      screenAudio: null,
      video: null,
      videoSource: null,
      camera: null,
      cameraShows: false,
    };
    const stage = this.#stage(peer);
    for (const { mid, kind } of this.#lines) {
      const shown = this.#shown.get(mid);
      if (shown?.peer !== peer) continue;
      if (kind === "audio") slots[shown.source === "screen-audio" ? "screenAudio" : "audio"] = mid;
      else if (shown === stage) {
        slots.video = mid;
        if (shown.showing && (shown.source === "camera" || shown.source === "screen"))
          slots.videoSource = shown.source;
      } else {
        slots.camera = mid;
        slots.cameraShows = shown.showing;
      }
    }
    return slots;
  }

  /** Of two videos of a peer the screen is its stage, whatever is still to be seen there. */
  #stage(peer: string): Shown | undefined {
    const videos = this.#lines
      .filter(({ kind }) => kind === "video")
      .map(({ mid }) => this.#shown.get(mid))
      .filter((shown) => shown?.peer === peer);
    return videos.find((shown) => shown?.mapped === "screen") ?? videos[0];
  }

  get(mid: string): Readonly<Shown> | undefined {
    return this.#shown.get(mid);
  }
}
