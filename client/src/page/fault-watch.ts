/** Watches whether this user is heard and seen at the server, and tells them when not. */
import type { RoomClient } from "../lib/index.ts";
import { Reception, type Reported, reported } from "../lib/reception.ts";
import { DEVICES, type Device } from "./capture.ts";
import { type Facts, type Fault, Faults } from "./faults.ts";
import type { LocalMedia } from "./local-media.ts";
import { givesZeros } from "./raw-microphone.ts";
import { Silence } from "./silence.ts";

/** Between two looks, ms. */
const EVERY = 400;
/** A line sends something each 400 ms at least; after this long, ms, it is known to be stuck. */
const STUCK_AFTER = 1_500;
/** A device is begun anew no more often, ms: it may not be the one to blame. */
const ANEW_AFTER = 30_000;

const NOTHING: Reported = { own: null, others: null, left: 0, given: null, sound: null };

/** What one device sends. */
class Line {
  readonly #reception = new Reception();
  #left = 0;
  #movedAt = 0;
  #given: number | null = null;
  #givenAt = 0;
  #begunAt = Number.NEGATIVE_INFINITY;

  /** Whether it arrives: see `Reception.next`. What does not leave does not arrive either. */
  next(sent: string | null, said: Reported, now: number): boolean | null {
    if (said.left !== this.#left) this.#movedAt = now;
    this.#left = said.left;
    if (said.given !== this.#given && said.given !== null) this.#givenAt = now;
    this.#given = said.given;
    const arrives = this.#reception.next(sent, said, now);
    return arrives && !this.isStuck(now);
  }

  /** Whether another beginning may help: where the device gives, the network is to blame. */
  ails(now: number): boolean {
    const gives = now - this.#givenAt < STUCK_AFTER;
    if (!this.isStuck(now) || gives || now - this.#begunAt < ANEW_AFTER) return false;
    this.#begunAt = now;
    return true;
  }

  /** Nothing leaves. */
  isStuck(now: number): boolean {
    return now - this.#movedAt >= STUCK_AFTER;
  }
}

export class FaultWatch {
  readonly #client: RoomClient;
  readonly #media: LocalMedia;
  readonly #tell: (faults: readonly Fault[]) => void;
  readonly #lines = { camera: new Line(), microphone: new Line() };
  readonly #silence = new Silence();
  readonly #faults = new Faults();
  #pc: RTCPeerConnection | null = null;
  #sessions = 0;
  #busy = false;

  /** @param tell called with all the faults there are, several times a second. */
  constructor(client: RoomClient, media: LocalMedia, tell: (faults: readonly Fault[]) => void) {
    this.#client = client;
    this.#media = media;
    this.#tell = tell;
    setInterval(() => void this.#look(), EVERY);
  }

  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const facts = this.#facts(await this.#report());
      const { on, systemMuted, silent, arrives } = facts.microphone;
      this.#media.heard = on && !systemMuted && !silent && arrives === true;
      const now = performance.now();
      this.#tell(this.#isLost(facts, now) ? ["path-lost"] : this.#faults.next(facts, now));
      for (const device of DEVICES)
        if (facts[device].arrives === false && this.#lines[device].ails(now))
          void this.#media.again(device);
    } finally {
      this.#busy = false;
    }
  }

  /** The path: all that leaves is lost. That the session has ended is told by others. */
  #isLost(facts: Facts, now: number): boolean {
    const { pc, state } = this.#client;
    if (state !== "connected") return false;
    const sending = DEVICES.filter((device) => facts[device].arrives !== null);
    const lost = (device: Device) =>
      facts[device].arrives === false && !this.#lines[device].isStuck(now);
    const allLost = sending.length > 0 && sending.every(lost);
    return allLost || pc?.connectionState === "disconnected";
  }

  /** Null: there is nothing that could arrive. */
  async #report(): Promise<RTCStatsReport | null> {
    const { pc, state } = this.#client;
    if (pc !== this.#pc) this.#sessions += 1;
    this.#pc = pc;
    if (state !== "connected" || pc?.connectionState !== "connected") return null;
    return DEVICES.some((device) => this.#media.isOn(device))
      ? pc.getStats().catch(() => null)
      : null;
  }

  #facts(report: RTCStatsReport | null): Facts {
    const facts = (device: Device) => {
      const track = this.#media[device];
      const on = this.#media.isOn(device);
      const systemMuted = track?.muted ?? false;
      const transceiver = this.#client.line(device);
      const mid = transceiver?.mid;
      const sends = report && on && !systemMuted && mid && isActive(transceiver.sender);
      const said = report && mid ? reported(report, mid) : NOTHING;
      const now = performance.now();
      const sent = sends ? `${this.#sessions} ${track?.id}` : null;
      const arrives = this.#lines[device].next(sent, said, now);
      const silent = device === "microphone" && this.#isSilent(sends ? track : null, said, now);
      return { on, systemMuted, silent, arrives };
    };
    return { camera: facts("camera"), microphone: facts("microphone") };
  }

  #isSilent(track: MediaStreamTrack | null, { sound }: Reported, now: number): boolean {
    const asks = this.#silence.next(track?.id ?? null, sound, now);
    if (asks && track) void this.#ask(track);
    return this.#silence.silent;
  }

  async #ask(track: MediaStreamTrack): Promise<void> {
    const zeros = await givesZeros(track);
    if (track !== this.#media.microphone) return;
    this.#silence.learn(zeros);
    void this.#look();
  }
}

/** Whether anybody watches: the server has what nobody watches stopped. */
function isActive(sender: RTCRtpSender): boolean {
  const { encodings = [] } = sender.getParameters();
  return encodings.length === 0 || encodings.some(({ active }) => active !== false);
}
