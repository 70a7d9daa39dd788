/**
 * One RTCPeerConnection, always offering (DESIGN §4). An offer is made for the first
 * time, when the room outgrows the slots and when ICE restarts; never because somebody
 * joins, leaves, mutes or shares.
 */
import type { Answer, ClientMessage, IceServer, Offer } from "../protocol.ts";
import type { LineEncryption } from "./end-to-end.ts";
import { asRoomError, RoomError } from "./errors.ts";
import { ExperienceLog } from "./experience.ts";
import { IceRestart } from "./ice-restart.ts";
import { JitterTarget, pathSample } from "./jitter-target.ts";
import { PathPulse } from "./path-pulse.ts";
import { ReceivingLines } from "./receiving.ts";
import { SendingLines } from "./sending.ts";
import { setOffer } from "./stereo.ts";
import { UplinkSampler, UplinkWatch } from "./uplink.ts";

/** The server's answer comes within this, ms. */
const ANSWER_TIMEOUT = 10_000;
/** The path is looked at this often, ms. */
const PATH_EVERY = 2_000;
/** ICE and DTLS are done within this, ms, of the first answer. */
const CONNECT_TIMEOUT = 20_000;

export interface NegotiationHandlers {
  send(message: ClientMessage): void;
  connection(state: RTCPeerConnectionState): void;
  looked(report: RTCStatsReport): void;
  /** Nothing comes by the path for media, though it should. */
  silent(): void;
  failed(error: RoomError): void;
}

interface Pending {
  id: number;
  offer: Offer;
  answered(sdp: string): void;
  refused(error: RoomError): void;
}

export class Negotiation {
  readonly pc: RTCPeerConnection;
  readonly sending: SendingLines;
  readonly receiving: ReceivingLines;
  readonly #handlers: NegotiationHandlers;
  readonly #ice: IceRestart;
  readonly #pulse: PathPulse;
  #offers = 0;
  #pending: Pending | null = null;
  #queue: Promise<void> = Promise.resolve();
  #deadline: ReturnType<typeof setTimeout> | undefined;
  readonly #jitter = new JitterTarget();
  readonly #experience = new ExperienceLog();
  readonly #uplink = { sampler: new UplinkSampler(), watch: new UplinkWatch() };
  #path: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(
    pc: RTCPeerConnection,
    handlers: NegotiationHandlers,
    encryption: LineEncryption | null = null,
  ) {
    this.pc = pc;
    this.#handlers = handlers;
    this.sending = new SendingLines(pc, encryption);
    this.receiving = new ReceivingLines(pc, encryption);
    this.#ice = new IceRestart(pc, {
      offer: () => this.offer(0),
      lost: () => this.#fail("the media connection to the server was lost"),
    });
    this.#pulse = new PathPulse(pc, this.sending, this.receiving, {
      silent: () => handlers.silent(),
      dead: () => this.#ice.pathLost(),
    });
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate)
        handlers.send({
          type: "candidate",
          candidate: candidate.candidate,
          mid: candidate.sdpMid,
        });
    };
    pc.onconnectionstatechange = () => this.#connectionChanged();
    pc.oniceconnectionstatechange = () => {
      if (pc.iceConnectionState === "disconnected") handlers.silent();
      this.#ice.changed();
    };
  }

  get offers(): number {
    return this.#offers;
  }

  /** The servers to gather candidates with; before the first offer. */
  configure(iceServers: readonly IceServer[]): void {
    if (iceServers.length === 0) return;
    this.pc.setConfiguration({
      ...this.pc.getConfiguration(),
      iceServers: iceServers.map(({ urls, username, credential }) => ({
        urls,
        ...(username && { username }),
        ...(credential && { credential }),
      })),
    });
  }

  /**
   * Offer with at least `pairs` slot pairs; resolves when the answer is applied.
   * One at a time, in the order of the calls.
   *
   * @param pairs at least; those there are stay.
   * @param sent called when the offer has been handed to the socket.
   * @throws RoomError when the offer is refused or not answered in time.
   */
  offer(pairs: number, sent?: () => void): Promise<void> {
    const done = this.#queue.then(() => this.#offer(pairs, sent));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Whether media has come and may come again, as far as is known. */
  get outlasts(): boolean {
    return this.#ice.outlasts;
  }

  /** This device is on another network now, or may be. */
  networkChanged(sure: boolean): void {
    this.#pulse.hint();
    if (sure) this.#ice.pathLost();
  }

  /** An `answer` message. */
  answered({ id, sdp }: Answer): void {
    if (this.#pending?.id === id) this.#pending.answered(sdp);
  }

  /** An `error` message about the request `id`; false when no offer of that id waits. */
  refused(id: number, error: RoomError): boolean {
    if (this.#pending?.id !== id) return false;
    this.#pending.refused(error);
    return true;
  }

  /** Another socket took the place of the one the offer or its answer may have been lost with. */
  resumed(): void {
    if (this.#pending) this.#handlers.send(this.#pending.offer);
    // The way of the media will have been that of the socket.
    else if (this.#pulse.silent) this.#ice.pathLost();
  }

  /** No answer will come any more; what arrives goes on arriving. */
  abandon(): void {
    this.#closed = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#path);
    this.#pulse.close();
    this.#ice.close();
    this.#pending?.refused(new RoomError("signaling-lost", "the session ended", true));
  }

  close(): void {
    this.abandon();
    this.pc.onicecandidate = null;
    this.pc.onconnectionstatechange = this.pc.oniceconnectionstatechange = null;
    this.pc.close();
  }

  async #offer(pairs: number, sent?: () => void): Promise<void> {
    if (this.#closed) throw new RoomError("signaling-lost", "the session ended", true);
    this.receiving.grow(pairs);
    const first = this.#offers === 0;
    try {
      await setOffer(this.pc);
      const id = ++this.#offers;
      const offer: Offer = {
        type: "offer",
        id,
        sdp: this.pc.localDescription?.sdp ?? "",
        sending: this.sending.lines(),
        slots: this.receiving.lines(),
      };
      const answer = this.#answer(offer);
      this.#handlers.send(offer);
      sent?.();
      await this.pc.setRemoteDescription({ type: "answer", sdp: await answer });
      if (first) this.#expectConnection();
    } catch (error) {
      if (!this.#closed && this.pc.signalingState === "have-local-offer")
        await this.pc.setLocalDescription({ type: "rollback" });
      if (!first) this.receiving.withdraw();
      throw asRoomError(error, "protocol-error");
    }
  }

  #answer(offer: Offer): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => refused(new RoomError("request-timeout", "no answer to the offer", true)),
        ANSWER_TIMEOUT,
      );
      const settle = () => {
        clearTimeout(timer);
        this.#pending = null;
      };
      const refused = (error: RoomError) => {
        settle();
        reject(error);
      };
      const answered = (sdp: string) => {
        settle();
        resolve(sdp);
      };
      this.#pending = { id: offer.id, offer, answered, refused };
    });
  }

  #expectConnection(): void {
    if (this.#closed || this.pc.connectionState === "connected") return;
    this.#deadline = setTimeout(
      () => this.#fail("no media connection to the server could be made"),
      CONNECT_TIMEOUT,
    );
  }

  #connectionChanged(): void {
    const state = this.pc.connectionState;
    if (state === "connected") {
      clearTimeout(this.#deadline);
      this.#path ??= setInterval(() => void this.#lookAtPath(), PATH_EVERY);
      this.#pulse.start();
    }
    this.#handlers.connection(state);
    this.#ice.changed();
  }

  async #lookAtPath(): Promise<void> {
    const report = await this.pc.getStats();
    if (this.#closed) return;
    this.receiving.setJitterTarget(this.#jitter.next(pathSample(report)));
    const { sampler, watch } = this.#uplink;
    if (watch.next(sampler.sample(report))) void this.sending.probe();
    const told = this.#experience.next(report, performance.now());
    if (told) this.#handlers.send({ type: "experience", ...told });
    this.#handlers.looked(report);
  }

  #fail(message: string): void {
    this.#handlers.failed(new RoomError("media-failed", message, true));
  }
}
