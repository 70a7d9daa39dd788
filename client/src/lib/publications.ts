/** What this client publishes: it outlives sessions, so a rejoin brings the same tracks back. */
import type { Source } from "../protocol.ts";

export interface Publication {
  readonly track: MediaStreamTrack;
  readonly muted: boolean;
}

export class Publications {
  readonly #published = new Map<Source, Publication>();
  readonly #stopListening = new Map<Source, () => void>();

  get(source: Source): Publication | undefined {
    return this.#published.get(source);
  }

  entries(): readonly [Source, Publication][] {
    return [...this.#published];
  }

  /** `ended` is called when the browser ends the track: unplugged, or "Stop sharing" pressed. */
  set(source: Source, track: MediaStreamTrack, ended: () => void): Publication {
    this.delete(source);
    const publication = { track, muted: !track.enabled };
    track.addEventListener("ended", ended);
    this.#stopListening.set(source, () => track.removeEventListener("ended", ended));
    this.#published.set(source, publication);
    return publication;
  }

  /** A muted track sends silence or black, if anything; the others are told, too. */
  mute(source: Source, muted: boolean): Publication | undefined {
    const publication = this.#published.get(source);
    if (!publication) return undefined;
    publication.track.enabled = !muted;
    const changed = { track: publication.track, muted };
    this.#published.set(source, changed);
    return changed;
  }

  delete(source: Source): Publication | undefined {
    const publication = this.#published.get(source);
    this.#stopListening.get(source)?.();
    this.#stopListening.delete(source);
    this.#published.delete(source);
    return publication;
  }
}
