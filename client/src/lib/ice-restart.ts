/**
 * When ICE is restarted in place (RFC 8445 9), and when the connection is given up: the
 * server answers on the old path until the new one is nominated, so a restart that was
 * not needed costs nothing but an offer.
 */

/** A path without answers for this long, ms, after the browser noticed, is taken for lost. */
const PATIENCE = 500;
/** A restart connects within this, ms; else only joining anew can help. */
const RESTART_TIMEOUT = 8_000;
/** One that has not connected after this, ms, began before there was another network, maybe. */
const AGAIN_AFTER = 800;

export interface IceRestartHandlers {
  /** Offer with fresh credentials; resolves when the answer is applied. */
  offer(): Promise<void>;
  /** The connection is lost for good. */
  lost(): void;
}

export class IceRestart {
  readonly #pc: RTCPeerConnection;
  readonly #handlers: IceRestartHandlers;
  #connectedOnce = false;
  #restarting = false;
  /** The offer has no answer yet. */
  #offering = false;
  #restartedAt = 0;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(pc: RTCPeerConnection, handlers: IceRestartHandlers) {
    this.#pc = pc;
    this.#handlers = handlers;
  }

  /** One of the connection's states has changed. */
  changed(): void {
    const { connectionState: connection, iceConnectionState: ice } = this.#pc;
    if (connection === "connected" && ice !== "disconnected") this.#connected();
    else if (connection === "failed") {
      // A restart does not help DTLS, nor who has never been connected.
      if (this.#connectedOnce && ice === "failed") void this.#restart();
      else this.#lost();
    } else if (ice === "disconnected" && this.#connectedOnce)
      this.#patience ??= setTimeout(() => void this.#restart(), PATIENCE);
  }

  /** Whether it has connected and is not known to be lost. */
  get outlasts(): boolean {
    const { connectionState } = this.#pc;
    return this.#connectedOnce && connectionState !== "failed" && connectionState !== "closed";
  }

  /** The path is dead, or this device on another network: do not wait until the browser says so. */
  pathLost(): void {
    const stuck = this.#restarting && performance.now() - this.#restartedAt > AGAIN_AFTER;
    if (stuck && !this.#offering) this.#restarting = false;
    if (this.#connectedOnce) void this.#restart();
  }

  close(): void {
    this.#closed = true;
    this.#calm();
  }

  async #restart(): Promise<void> {
    if (this.#closed || this.#restarting) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#restarting = this.#offering = true;
    this.#restartedAt = performance.now();
    this.#deadline ??= setTimeout(() => this.#lost(), RESTART_TIMEOUT);
    try {
      this.#pc.restartIce();
      await this.#handlers.offer();
    } catch {
      this.#lost();
      return;
    } finally {
      this.#offering = false;
    }
    if (this.#pc.connectionState === "connected") this.#connected();
  }

  #connected(): void {
    this.#connectedOnce = true;
    this.#restarting = false;
    this.#calm();
  }

  #lost(): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.lost();
  }

  #calm(): void {
    clearTimeout(this.#patience);
    clearTimeout(this.#deadline);
    this.#patience = this.#deadline = undefined;
  }
}
