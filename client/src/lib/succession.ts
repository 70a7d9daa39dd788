/** Sessions one after the other: when the next begins, what of the former is still shown. */
import { Backoff, type BackoffSettings } from "./backoff.ts";
import { asRoomError, RoomError } from "./errors.ts";
import { NO_MEDIA, type PeerMedia, type Session, type SessionEnd } from "./session.ts";
import { afterSession, type RoomState, transition } from "./state.ts";

/** Once the media of a new session flows, that of the former is kept this long, ms. */
const FORMER_MEDIA_FOR = 3_000;

export interface SuccessionHandlers {
  /** Make the next session, not started yet; what it throws ends the call. */
  open(): Session;
  joined(session: Session): void;
  sessionEnded(): void;
  waiting(error: RoomError, seconds: number): void;
  /** What is to be seen and heard of the others has changed. */
  stages(): void;
  /** Nothing follows; `state` is told next. */
  closing(): void;
  state(state: RoomState, previous: RoomState, error: RoomError | null): void;
}

export class Succession {
  readonly #handlers: SuccessionHandlers;
  readonly #backoff: Backoff;
  #state: RoomState = "idle";
  #present: Session | null = null;
  /** The session before: its media is shown until the next one's is there. */
  #former: Session | null = null;
  #formerTimer: ReturnType<typeof setTimeout> | undefined;
  #earlierOffers = 0;
  #mediaSince: number | null = null;
  #left = false;
  #wake: (() => void) | null = null;

  constructor(handlers: SuccessionHandlers, backoff?: BackoffSettings) {
    this.#handlers = handlers;
    this.#backoff = new Backoff(backoff);
  }

  get state(): RoomState {
    return this.#state;
  }

  /** The session that is joining or has joined. */
  get present(): Session | null {
    return this.#present;
  }

  get offers(): number {
    return this.#earlierOffers + (this.#present?.offers ?? 0);
  }

  /** What is to be seen and heard of `peer`, of the former session too. */
  media(peer: string): PeerMedia {
    const now = this.#present?.media(peer) ?? NO_MEDIA;
    const before = this.#former?.media(peer) ?? NO_MEDIA;
    const video = now.videoSource || !before.videoSource ? now : before;
    return {
      video: video.video,
      videoSource: video.videoSource,
      audio: now.audio ?? before.audio,
      screenAudio: now.screenAudio ?? before.screenAudio,
      layer: now.layer,
      camera: now.camera ?? before.camera,
      cameraLayer: now.cameraLayer,
    };
  }

  /**
   * Resolves when the first session has joined. From then on lost ones are replaced until `leave()`.
   *
   * @param prepare what has to be there before the first session.
   * @throws RoomError
   */
  begin(prepare?: () => Promise<void>): Promise<void> {
    this.#left = false;
    this.#backoff.reset();
    this.#to("joining", null);
    return new Promise((resolve, reject) => {
      void this.#live(prepare, resolve, reject);
    });
  }

  /** Do not wait for the next attempt. */
  retryNow(): void {
    this.#wake?.();
  }

  /** False: there was nothing to leave. */
  leave(): boolean {
    if (this.#state === "idle" || this.#state === "closed") return false;
    this.#left = true;
    this.#present?.leave();
    this.#wake?.();
    return true;
  }

  /** Media flows in the present session. */
  mediaStarted(): void {
    this.#mediaSince ??= performance.now();
    clearTimeout(this.#formerTimer);
    this.#formerTimer = setTimeout(() => this.#retire(null), FORMER_MEDIA_FOR);
  }

  /** Until one ends for good. */
  async #live(
    prepare: (() => Promise<void>) | undefined,
    joined: () => void,
    failed: (error: RoomError) => void,
  ): Promise<void> {
    if (prepare && !(await this.#prepared(prepare, failed))) return;
    for (;;) {
      const end = await this.#oneSession(joined);
      const ending = afterSession(this.#state, {
        left: this.#left,
        refused: end.refused,
        rejoin: end.error.rejoin,
        retryAfter: end.error.retryAfter,
      });
      if (ending.action === "close") {
        this.#close(ending.failed ? end.error : null);
        failed(end.error);
        return;
      }
      if (this.#state === "connected") this.#to("reconnecting", end.error);
      if (!(await this.#pause(end.error))) {
        // Who was reached says, or shows, why the call cannot be.
        const reached = end.refused || end.error.code === "media-failed";
        const error = reached ? end.error : new RoomError("server-gone", end.error.message, true);
        this.#close(this.#left ? null : error);
        failed(error);
        return;
      }
    }
  }

  /** False: it cannot be, or the user has left meanwhile. */
  async #prepared(
    prepare: () => Promise<void>,
    failed: (error: RoomError) => void,
  ): Promise<boolean> {
    try {
      await prepare();
      if (!this.#left) return true;
      throw new RoomError("left", "left");
    } catch (error) {
      const reason = asRoomError(error, "encryption-failed");
      this.#close(this.#left ? null : reason);
      failed(reason);
      return false;
    }
  }

  /** One session from its start to its end. */
  async #oneSession(joined: () => void): Promise<SessionEnd> {
    let session: Session;
    try {
      session = this.#handlers.open();
    } catch (error) {
      return { error: asRoomError(error, "no-webrtc"), refused: true };
    }
    this.#present = session;
    this.#mediaSince = null;
    try {
      await session.start();
      this.#to("connected", null);
      joined();
      this.#handlers.joined(session);
    } catch {
      // `ended` says why.
    }
    const end = await session.ended;
    this.#handlers.sessionEnded();
    this.#earlierOffers += session.offers;
    this.#present = null;
    if (this.#mediaSince === null) session.close();
    else {
      this.#retire(session);
      this.#backoff.ended(performance.now() - this.#mediaSince);
    }
    return end;
  }

  /** Wait before the next attempt; false: give up. */
  async #pause(error: RoomError): Promise<boolean> {
    const delay = this.#backoff.next(performance.now(), Math.random(), error.retryAfter ?? 0);
    if (delay === null) return false;
    if (error.retryAfter !== null) this.#handlers.waiting(error, delay / 1_000);
    // A listener may have left.
    if (this.#left) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    return !this.#left;
  }

  /** `session` becomes the former one, which is closed. */
  #retire(session: Session | null): void {
    clearTimeout(this.#formerTimer);
    session?.retire();
    this.#former?.close();
    this.#former = session;
    this.#handlers.stages();
  }

  #to(state: RoomState, error: RoomError | null): void {
    const previous = this.#state;
    this.#state = transition(previous, state);
    this.#handlers.state(state, previous, error);
  }

  #close(error: RoomError | null): void {
    this.#retire(null);
    this.#handlers.closing();
    this.#to("closed", error);
  }
}
