/** What this client publishes, from any time on: before a session, in it, and in the next one. */
import type { Source } from "../protocol.ts";
import { type Publication, Publications } from "./publications.ts";
import type { TellRoomEvent } from "./room-events.ts";
import { pickScreen, type ShareOptions } from "./screen.ts";
import type { Session } from "./session.ts";

export class Publisher {
  readonly #publications = new Publications();
  readonly #session: () => Session | null;
  readonly #tell: TellRoomEvent;

  constructor(session: () => Session | null, tell: TellRoomEvent) {
    this.#session = session;
    this.#tell = tell;
  }

  get(source: Source): Publication | undefined {
    return this.#publications.get(source);
  }

  entries(): readonly [Source, Publication][] {
    return this.#publications.entries();
  }

  async publish(source: Source, track: MediaStreamTrack | null): Promise<void> {
    if (!track && !this.#publications.get(source)) return;
    const publication = track
      ? this.#publications.set(source, track, () => this.#trackEnded(source))
      : null;
    if (!publication) this.#publications.delete(source);
    this.#tell("published", { source, publication });
    const session = this.#session();
    try {
      await session?.publish(source, publication);
    } catch (error) {
      // A session that ended meanwhile takes nothing more; the next one will.
      if (session === this.#session()) throw error;
    }
  }

  setMuted(source: Source, muted: boolean): void {
    const publication = this.#publications.mute(source, muted);
    if (!publication) return;
    this.#tell("published", { source, publication });
    this.#session()?.announceMute(source, publication);
  }

  /** @throws ShareError */
  async shareScreen(options?: ShareOptions): Promise<void> {
    const stream = await pickScreen(options);
    this.stopScreen();
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    await Promise.all([
      video && this.publish("screen", video),
      audio && this.publish("screen-audio", audio),
    ]);
  }

  stopScreen(): void {
    for (const source of ["screen", "screen-audio"] as const) {
      const track = this.#publications.get(source)?.track;
      // Off the line before it stops: the last a stopped track sends is black.
      void this.publish(source, null).finally(() => track?.stop());
    }
  }

  /** The server forwards nothing of it until it has heard that this client knows. */
  moderated(source: Source | null): void {
    if (source === "screen" || source === "screen-audio") this.stopScreen();
    else if (source !== null) this.setMuted(source, true);
  }

  /** A capture that nobody may see is not gone on with. */
  mayPublish(sources: readonly Source[]): void {
    if (!sources.includes("screen")) this.stopScreen();
  }

  #trackEnded(source: Source): void {
    if (source === "screen") this.stopScreen();
    else void this.publish(source, null);
  }
}
