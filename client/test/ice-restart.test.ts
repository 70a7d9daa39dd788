import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomClient, type RoomState } from "../src/lib/index.ts";
import { ALL_RIGHTS, World } from "./fakes.ts";

let world: World;
let client: RoomClient;
let states: RoomState[];
let pongs: ReturnType<typeof setInterval>;

beforeEach(async () => {
  vi.useFakeTimers();
  world = new World();
  client = new RoomClient(world.settings);
  states = [];
  client.on("state", ({ state }) => states.push(state));
  const join = client.join({ room: "demo", name: "Ada" });
  await settle();
  const socket = world.socket;
  pongs = setInterval(() => socket.receive({ type: "pong", id: 0 }), 100);
  socket.open();
  await settle();
  socket.receive({
    type: "joined",
    peer: "me",
    room: "demo",
    name: "Ada",
    rights: ALL_RIGHTS,
    resumeToken: "t",
    peers: [],
    iceServers: [],
  });
  await settle();
  await answer();
  await join;
  world.pc.connect();
});

afterEach(() => {
  clearInterval(pongs);
  client.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const offers = () => world.sockets[0]?.of("offer").length;

/** Packets come, for so long, ms. */
async function flows(time: number): Promise<void> {
  await passes(time, 1_000);
}

/** … or none do, though this client sends. */
async function deaf(time: number): Promise<void> {
  await passes(time, 0);
}

let [received, sent] = [0, 0];

async function passes(time: number, comes: number): Promise<void> {
  for (let passed = 0; passed < time; passed += 50) {
    received += comes;
    sent += 1_000;
    world.pc.stats.set("pair", {
      ...{ id: "pair", type: "candidate-pair", nominated: true, state: "succeeded" },
      ...{ bytesReceived: received, bytesSent: sent },
    });
    await vi.advanceTimersByTimeAsync(50);
  }
}

async function answer(): Promise<void> {
  const id = world.socket.of("offer").at(-1)?.id ?? 0;
  world.socket.receive({ type: "answer", id, sdp: "v=0" });
  await settle();
}

describe("ICE is restarted in place", () => {
  it("soon after the browser says that the path is dead, by one offer in the same session", async () => {
    world.pc.connect("disconnected");
    await vi.advanceTimersByTimeAsync(400);
    expect(offers()).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect([world.pc.iceRestarts, offers()]).toEqual([1, 2]);
    world.pc.connect("connecting", "checking");
    await answer();
    world.pc.connect();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(states).toEqual(["joining", "connected"]);
    expect([world.pc.iceRestarts, offers(), world.sockets.length]).toEqual([1, 2, 1]);
  });

  it("at once when ICE has failed", async () => {
    world.pc.connect("failed");
    await settle();
    expect([world.pc.iceRestarts, offers()]).toEqual([1, 2]);
    expect(states.at(-1)).toBe("connected");
  });

  it("at once when the device is back on a network", async () => {
    world.window.dispatchEvent(new Event("online"));
    world.window.dispatchEvent(new Event("online"));
    await settle();
    await answer();
    expect([world.pc.iceRestarts, offers()]).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(states.at(-1)).toBe("connected");
  });

  it("not when the path comes back by itself", async () => {
    world.pc.connect("disconnected");
    await vi.advanceTimersByTimeAsync(400);
    world.pc.connect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(world.pc.iceRestarts).toBe(0);
  });

  it("when nothing comes any more, long before the browser says so", async () => {
    await flows(3_000);
    await deaf(1_100);
    expect([world.pc.iceRestarts, offers()]).toEqual([1, 2]);
    expect(states.at(-1)).toBe("connected");
    // The socket has answered: it is kept.
    expect(world.sockets.length).toBe(1);
    await answer();
    await flows(30_000);
    expect([world.pc.iceRestarts, offers()]).toEqual([1, 2]);
  });

  it("not for a third of a second without anything", async () => {
    await flows(3_000);
    await deaf(350);
    await flows(3_000);
    expect([world.pc.iceRestarts, world.sockets.length]).toEqual([0, 1]);
  });

  it("again when it has not connected, and no more than four times before joining anew", async () => {
    await flows(3_000);
    for (let second = 0; second < 8; second++) {
      await deaf(1_000);
      await answer();
      world.pc.connect("connecting", "checking");
    }
    expect(world.pc.iceRestarts).toBe(4);
    expect(states.at(-1)).toBe("connected");
    await deaf(4_000);
    expect(states.at(-1)).toBe("reconnecting");
  });

  it("no more after leaving", async () => {
    const { pc } = world;
    pc.connect("disconnected");
    client.leave();
    world.window.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(pc.iceRestarts).toBe(0);
  });
});

describe("the session is replaced", () => {
  it("when a restart does not connect", async () => {
    world.pc.connect("failed");
    await settle();
    await answer();
    await vi.advanceTimersByTimeAsync(7_900);
    expect(states.at(-1)).toBe("connected");
    await vi.advanceTimersByTimeAsync(200);
    expect(states.at(-1)).toBe("reconnecting");
    expect(world.pc.iceRestarts).toBe(1);
  });

  it("when the restart is refused", async () => {
    world.pc.connect("failed");
    await settle();
    const id = world.socket.of("offer").at(-1)?.id ?? null;
    world.socket.receive({
      type: "error",
      code: "too-many-offers",
      message: "",
      fatal: false,
      rejoin: false,
      failure: null,
      retryAfter: null,
      id,
    });
    await settle();
    expect(states.at(-1)).toBe("reconnecting");
  });

  it("when it is DTLS that failed", async () => {
    world.pc.connect("failed", "connected");
    await settle();
    expect([world.pc.iceRestarts, states.at(-1)]).toEqual([0, "reconnecting"]);
  });
});
