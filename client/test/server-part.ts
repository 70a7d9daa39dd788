/** The server's part in a room client's life, on a virtual clock. */
import { afterEach, beforeEach, vi } from "vitest";
import { RoomClient, type RoomState } from "../src/lib/index.ts";
import type { PeerInfo } from "../src/protocol.ts";
import { ALL_RIGHTS, World } from "./fakes.ts";

export let world: World;
export let client: RoomClient;
export let states: RoomState[];

/** Each test of the file has a world and a client of its own. */
export function withFreshClient(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    world = new World();
    client = new RoomClient(world.settings);
    states = [];
    client.on("state", ({ state }) => states.push(state));
  });

  afterEach(() => {
    client.leave();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}

export const peer = (id: string): PeerInfo => ({
  id,
  name: id,
  tracks: [],
  connection: "connected",
  identity: null,
  metadata: null,
  encrypted: false,
});

/** Let everything that waits for nothing but promises happen. */
export const settle = () => vi.advanceTimersByTimeAsync(0);

/** Play the server's part of a join on the newest socket. */
export async function accept(peers: PeerInfo[] = [], token = "token-1"): Promise<void> {
  await settle();
  world.socket.open();
  await settle();
  world.socket.receive({
    type: "joined",
    peer: "me",
    room: "demo",
    name: "Ada",
    rights: ALL_RIGHTS,
    resumeToken: token,
    peers,
    iceServers: [],
  });
  await settle();
  await answer();
}

export async function answer(): Promise<void> {
  const offer = world.socket.of("offer").at(-1);
  world.socket.receive({ type: "answer", id: offer?.id ?? 0, sdp: "v=0" });
  await settle();
}

export async function joined(peers: PeerInfo[] = []): Promise<void> {
  const join = client.join({ room: "demo", name: "Ada" });
  await accept(peers);
  await join;
}

export function refuse(
  code: string,
  {
    fatal = true,
    rejoin = false,
    id = null as number | null,
    retryAfter = null as number | null,
  } = {},
) {
  const error = { type: "error", code, message: code, fatal, rejoin, id, retryAfter } as const;
  world.socket.receive({ ...error, failure: null });
}
