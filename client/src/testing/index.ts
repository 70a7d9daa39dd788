/** trio-sfu's client library: what applications test themselves with, without a network. */
export { FakeMediaStream, FakeTrack, fakeTrack } from "./fake-media.ts";
export { FakePeer } from "./fake-peer.ts";
export { FakePeerConnection, FakeTransceiver } from "./fake-peer-connection.ts";
export { ALL_RIGHTS, FakeServer, type Refusal } from "./fake-server.ts";
