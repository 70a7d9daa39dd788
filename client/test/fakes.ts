/**
 * Stand-ins for the browser's WebSocket and RTCPeerConnection, which Node has not: they
 * keep what the client does to them. Real ones are in the browser tests.
 */
import { vi } from "vitest";
import { FakePeerConnection } from "../src/testing/fake-peer-connection.ts";
import { FakeSocket } from "../src/testing/fake-socket.ts";

export { fakeTrack as track } from "../src/testing/fake-media.ts";
export { ALL_RIGHTS } from "../src/testing/fake-server.ts";

/** What the client made, newest last. */
export class World {
  readonly sockets: FakeSocket[] = [];
  readonly pcs: FakePeerConnection[] = [];
  readonly window = new EventTarget();
  readonly connection = new EventTarget();

  constructor() {
    vi.stubGlobal(
      "MediaStream",
      class {
        constructor(readonly tracks: unknown[] = []) {}
      },
    );
    vi.stubGlobal("navigator", { connection: this.connection });
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
