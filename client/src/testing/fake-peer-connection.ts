/** A peer connection that negotiates with nobody and keeps what is done to it. */
import { FakeTrack } from "./fake-media.ts";

class FakeSender {
  track: unknown = null;
  #parameters: unknown;

  constructor(encodings: unknown) {
    this.#parameters = { encodings };
  }

  getParameters = () => structuredClone(this.#parameters);

  setParameters = async (parameters: unknown): Promise<void> => {
    this.#parameters = parameters;
  };

  replaceTrack = async (track: unknown): Promise<void> => {
    this.track = track;
  };
}

export class FakeTransceiver {
  mid: string | null = null;
  stopped = false;
  readonly kind: "audio" | "video";
  readonly receiver: { track: FakeTrack; jitterBufferTarget: number | null };
  readonly sender: FakeSender;
  readonly direction: string;

  constructor(kind: "audio" | "video", init: { direction: string; sendEncodings?: unknown }) {
    this.kind = kind;
    this.direction = init.direction;
    this.receiver = { track: new FakeTrack(kind), jitterBufferTarget: null };
    this.sender = new FakeSender(init.sendEncodings ?? [{}]);
  }

  stop(): void {
    this.stopped = true;
  }
}

export class FakePeerConnection {
  connectionState = "new";
  iceConnectionState = "new";
  iceRestarts = 0;
  signalingState = "stable";
  localDescription: { sdp: string } | null = null;
  closed = false;
  onicecandidate: unknown = null;
  onconnectionstatechange: (() => void) | null = null;
  oniceconnectionstatechange: (() => void) | null = null;
  readonly transceivers: FakeTransceiver[] = [];
  readonly stats = new Map<string, object>();
  #configuration: RTCConfiguration = {};
  #fresh: FakeTransceiver[] = [];
  readonly #connects: boolean;

  /** @param connects by itself, as soon as there is an answer. */
  constructor({ connects = false } = {}) {
    this.#connects = connects;
  }

  addTransceiver(kind: "audio" | "video", init: { direction: string }): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, init);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getConfiguration(): RTCConfiguration {
    return this.#configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#configuration = configuration;
  }

  async createOffer() {
    return { type: "offer", sdp: "v=0" };
  }

  async setLocalDescription(description?: { type: string }): Promise<void> {
    if (description?.type === "rollback") {
      for (const transceiver of this.#fresh) transceiver.mid = null;
      this.signalingState = "stable";
      return;
    }
    this.#fresh = this.transceivers.filter(({ mid, stopped }) => mid === null && !stopped);
    for (const transceiver of this.#fresh)
      transceiver.mid = String(this.transceivers.indexOf(transceiver));
    this.localDescription = { sdp: "v=0" };
    this.signalingState = "have-local-offer";
  }

  async setRemoteDescription(): Promise<void> {
    this.signalingState = "stable";
    if (this.#connects && this.connectionState !== "connected")
      queueMicrotask(() => this.connect());
  }

  async getStats(_line?: unknown) {
    return new Map(this.stats);
  }

  restartIce(): void {
    this.iceRestarts += 1;
  }

  /** Have the media connection change. */
  connect(state = "connected", ice = state): void {
    this.iceConnectionState = ice;
    this.oniceconnectionstatechange?.();
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.closed = true;
  }
}
