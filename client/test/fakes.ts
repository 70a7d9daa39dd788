/**
 * Stand-ins for the browser's WebSocket and RTCPeerConnection, which Node has not: they
 * keep what the client does to them. Real ones are in the browser tests.
 */
import { vi } from "vitest";
import type { ClientMessage, Rights, ServerMessage } from "../src/protocol.ts";

export const ALL_RIGHTS: Rights = {
  publish: ["camera", "microphone", "screen", "screen-audio"],
  subscribe: true,
  data: true,
  moderate: false,
  record: false,
};

export class FakeTrack extends EventTarget {
  enabled = true;
  contentHint = "";
  readyState = "live";
  constructor(readonly kind: "audio" | "video") {
    super();
  }
  getSettings() {
    return { width: 1280, height: 720 };
  }
  stop() {
    this.readyState = "ended";
  }
  /** As the browser does when the device goes or "Stop sharing" is pressed. */
  end() {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

export const track = (kind: "audio" | "video") =>
  new FakeTrack(kind) as FakeTrack & MediaStreamTrack;

class FakeSender {
  track: unknown = null;
  #parameters: unknown;
  constructor(encodings: unknown) {
    this.#parameters = { encodings };
  }
  getParameters = () => structuredClone(this.#parameters);
  setParameters = async (parameters: unknown) => {
    this.#parameters = parameters;
  };
  replaceTrack = async (track: unknown) => {
    this.track = track;
  };
}

export class FakeTransceiver {
  mid: string | null = null;
  stopped = false;
  readonly receiver: { track: FakeTrack; jitterBufferTarget: number | null };
  readonly sender: FakeSender;
  readonly direction: string;
  constructor(
    readonly kind: "audio" | "video",
    init: { direction: string; sendEncodings?: unknown },
  ) {
    this.direction = init.direction;
    this.receiver = { track: new FakeTrack(kind), jitterBufferTarget: null };
    this.sender = new FakeSender(init.sendEncodings ?? [{}]);
  }
  stop() {
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
  #fresh: FakeTransceiver[] = [];

  addTransceiver(kind: "audio" | "video", init: { direction: string }) {
    const transceiver = new FakeTransceiver(kind, init);
    this.transceivers.push(transceiver);
    return transceiver;
  }
  async createOffer() {
    return { type: "offer", sdp: "v=0" };
  }
  async setLocalDescription(description?: { type: string }) {
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
  async setRemoteDescription() {
    this.signalingState = "stable";
  }
  async getStats() {
    return new Map(this.stats);
  }
  restartIce() {
    this.iceRestarts += 1;
  }
  connect(state = "connected", ice = state) {
    this.iceConnectionState = ice;
    this.oniceconnectionstatechange?.();
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  close() {
    this.closed = true;
  }
}

export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  closeCode: number | null = null;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: ClientMessage[] = [];

  send(text: string) {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }
  close(code = 1005) {
    this.readyState = 3;
    this.closeCode = code;
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  receive(message: ServerMessage) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  /** The connection goes, as seen from here. */
  lose(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
  of<Type extends ClientMessage["type"]>(type: Type) {
    return this.sent.filter((message) => message.type === type) as Extract<
      ClientMessage,
      { type: Type }
    >[];
  }
}

/** What the client made, newest last. */
export class World {
  readonly sockets: FakeSocket[] = [];
  readonly pcs: FakePeerConnection[] = [];
  readonly window = new EventTarget();

  constructor() {
    vi.stubGlobal(
      "MediaStream",
      class {
        constructor(readonly tracks: unknown[] = []) {}
      },
    );
    vi.stubGlobal("addEventListener", this.window.addEventListener.bind(this.window));
    vi.stubGlobal("removeEventListener", this.window.removeEventListener.bind(this.window));
  }

  readonly settings = {
    url: "ws://test/signal",
    openSocket: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    createPeerConnection: () => {
      const pc = new FakePeerConnection();
      this.pcs.push(pc);
      return pc as unknown as RTCPeerConnection;
    },
  };

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  get pc(): FakePeerConnection {
    return this.pcs.at(-1) as FakePeerConnection;
  }
}
