/**
 * What keeps, or would keep, this browser from calling: sockets, ways for media, and media itself.
 *
 * The server puts the test's parties into a room that nobody sees, so nobody is disturbed.
 */
import type { Joined } from "../../protocol.ts";
import { asRoomError, type RoomError } from "../errors.ts";
import { createPeerConnection } from "../room-settings.ts";
import { type OpenSocket, openWebSocket, signalingUrl } from "../signaling.ts";
import { type Finding, ok, type Way, wrong } from "./finding.ts";
import { Party, within } from "./party.ts";
import { type SyntheticMedia, syntheticMedia } from "./synthetic-media.ts";
import {
  CHECKS,
  NO_MEDIA_WAY,
  NO_SOCKET,
  NO_WAY,
  NOT_PUBLISHED,
  NOT_RECEIVED,
  NOT_RESUMED,
  noRelay,
  OLD_SERVER,
  PUBLISH_DENIED,
  SUBSCRIBE_DENIED,
} from "./words.ts";

export interface ConnectionTestOptions {
  /** Default: `/signal` of the server this page came from. */
  url?: string;
  /** The room of the call; with a join token it has to be the token's. Nobody there is told. */
  room?: string;
  /** A join token, where the server asks for one. It is not used up. */
  token?: string;
  /** Aborted, the test ends without a further finding. */
  signal?: AbortSignal;
  /** What is sent; default: a sound and a picture that need no device. They are not stopped. */
  media?: Pick<SyntheticMedia, "camera" | "microphone">;
  openSocket?: OpenSocket;
  createPeerConnection?: () => RTCPeerConnection;
}

/** For the socket and the answer to an offer, ms; that long a socket may take to open. */
const SIGNALING_WITHIN = 8_000;
/** For ICE and DTLS, ms. */
const CONNECT_WITHIN = 8_000;
/** For the first sound and picture, ms. */
const MEDIA_WITHIN = 8_000;
const RESUME_WITHIN = 8_000;

/**
 * Yields what was found as it is found: the socket, each way for media that the server offers,
 * sending, receiving, coming back. Each has its deadline; it throws nothing, takes 80 s at most, and
 * leaves nothing behind, also when it is not read to its end.
 */
export async function* testConnection(
  options: ConnectionTestOptions = {},
): AsyncGenerator<Finding, void, void> {
  const test = new ConnectionTest(options);
  try {
    for await (const finding of test.run()) {
      if (options.signal?.aborted) return;
      yield finding;
    }
  } finally {
    test.end();
  }
}

/** What was found on one way. */
interface Attempt {
  party: Party;
  /** Null: it is connected. */
  error: RoomError | null;
  milliseconds: number | null;
}

class ConnectionTest {
  readonly #options: ConnectionTestOptions;
  readonly #trial = secret();
  readonly #parties = new Set<Party>();
  #media: SyntheticMedia | null = null;

  constructor(options: ConnectionTestOptions) {
    this.#options = options;
    options.signal?.addEventListener("abort", this.end);
  }

  async *run(): AsyncGenerator<Finding, void, void> {
    if (this.#options.signal?.aborted) return;
    let first: Party;
    try {
      first = this.#party("udp");
    } catch (thrown) {
      yield noSocket(asRoomError(thrown, "no-webrtc"));
      return;
    }
    const socket = await socketOf(first);
    yield socket;
    if (!first.joined || socket.state === "fail") return;
    let best: Attempt | null = null;
    for await (const attempt of this.#ways(first)) {
      yield told(attempt);
      if (best || attempt.error) this.#leave(attempt.party);
      else best = attempt;
    }
    if (best) yield* this.#call(best.party, first.joined);
    else yield wrong("fail", "publish", NO_MEDIA_WAY);
  }

  readonly end = (): void => {
    this.#options.signal?.removeEventListener("abort", this.end);
    for (const party of this.#parties) party.leave();
    this.#parties.clear();
    this.#media?.stop();
    this.#media = null;
  };

  /** Each that the server offers, all at once; the best is told first. */
  async *#ways(first: Party): AsyncGenerator<Attempt, void, void> {
    const ways: Way[] = [];
    if (first.connection.protocols.has("tcp")) ways.push("tcp");
    if (first.joined?.iceServers?.length) ways.push("relay");
    const attempts = [attempt(first), ...ways.map((way) => attempt(this.#party(way), true))];
    for (const each of attempts) yield await each;
  }

  /** On the way that a call would take. */
  async *#call(caller: Party, { peer, rights }: Joined): AsyncGenerator<Finding, void, void> {
    const self = caller.joined?.peer ?? peer;
    const may = rights.publish.includes("camera") && rights.publish.includes("microphone");
    if (!may) yield wrong("warn", "publish", PUBLISH_DENIED);
    else if (!rights.subscribe) yield wrong("warn", "receive", SUBSCRIBE_DENIED);
    else yield* this.#carry(caller, self);
    yield await comesBack(caller);
  }

  /** From one party to another. */
  async *#carry(caller: Party, self: string): AsyncGenerator<Finding, void, void> {
    const since = performance.now();
    const took = () => Math.round(performance.now() - since);
    const viewer = this.#party(caller.way);
    try {
      await this.#publish(caller);
      await within(SIGNALING_WITHIN, viewer.start());
      await within(CONNECT_WITHIN, viewer.connected());
      await within(MEDIA_WITHIN, viewer.isShown(self));
    } catch {
      this.#leave(viewer);
      yield wrong("fail", "publish", NOT_PUBLISHED);
      return;
    }
    yield ok("publish", "the server has sound and picture", took());
    try {
      await within(MEDIA_WITHIN, viewer.receives());
      yield ok("receive", "sound and a picture came through", took());
    } catch {
      yield wrong("fail", "receive", NOT_RECEIVED);
    }
    this.#leave(viewer);
  }

  async #publish(caller: Party): Promise<void> {
    const { media } = this.#options;
    if (!media) this.#media = syntheticMedia();
    const { camera, microphone } = media ?? (this.#media as SyntheticMedia);
    await caller.publish("camera", camera);
    await caller.publish("microphone", microphone);
  }

  #party(way: Way): Party {
    const { url, room = "connection-test", token, openSocket } = this.#options;
    const party = new Party({
      url: url ?? signalingUrl(globalThis.location),
      room,
      name: "connection test",
      token,
      trial: this.#trial,
      way,
      openSocket: openSocket ?? openWebSocket,
      createPeerConnection: () => createPeerConnection(this.#options),
    });
    this.#parties.add(party);
    return party;
  }

  #leave(party: Party): void {
    this.#parties.delete(party);
    party.leave();
  }
}

/** What only this test's parties know. */
function secret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function socketOf(party: Party): Promise<Finding> {
  try {
    await within(SIGNALING_WITHIN, party.start());
    // Whoever does not know what a test is has let it into a real room.
    if (!party.joined?.room.includes("/")) return wrong("fail", "WebSocket", OLD_SERVER);
    const milliseconds = await within(SIGNALING_WITHIN, party.ping());
    return ok("WebSocket", "it opens, and messages come through", milliseconds);
  } catch (thrown) {
    return noSocket(asRoomError(thrown, "protocol-error"));
  }
}

function noSocket({ code, message }: RoomError): Finding {
  return wrong("fail", "WebSocket", NO_SOCKET[code] ?? { code, message, remedy: "" });
}

async function attempt(party: Party, start = false): Promise<Attempt> {
  try {
    if (start) await within(SIGNALING_WITHIN, party.start());
    await within(CONNECT_WITHIN, party.connected());
    return { party, error: null, milliseconds: await party.roundTrip() };
  } catch (thrown) {
    return { party, error: asRoomError(thrown, "media-failed"), milliseconds: null };
  }
}

function told({ party, error, milliseconds }: Attempt): Finding {
  const { way } = party;
  const check = CHECKS[way];
  if (!error) return ok(check, "media can flow", milliseconds);
  if (way === "relay") return wrong("fail", check, noRelay(party.connection.relayTrouble));
  return wrong(way === "udp" ? "fail" : "warn", check, NO_WAY[way]);
}

async function comesBack(party: Party): Promise<Finding> {
  try {
    const milliseconds = await within(RESUME_WITHIN, party.comeBack());
    return ok("reconnect", "a lost session comes back", milliseconds);
  } catch {
    return wrong("warn", "reconnect", NOT_RESUMED);
  }
}
