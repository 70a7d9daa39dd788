import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomClient, type RoomState } from "../src/lib/index.ts";
import type { PeerInfo, ServerMessage } from "../src/protocol.ts";
import { ALL_RIGHTS, track, World } from "./fakes.ts";

const peer = (id: string): PeerInfo => ({
  id,
  name: id,
  tracks: [],
  connection: "connected",
  identity: null,
  metadata: null,
  encrypted: false,
});

let world: World;
let client: RoomClient;
let states: RoomState[];

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(async () => {
  vi.useFakeTimers();
  world = new World();
  client = new RoomClient(world.settings);
  states = [];
  client.on("state", ({ state }) => states.push(state));
  const join = client.join({ room: "demo", name: "Ada" });
  await settle();
  world.socket.open();
  await settle();
  world.socket.receive({
    type: "joined",
    peer: "me",
    room: "demo",
    name: "Ada",
    rights: ALL_RIGHTS,
    resumeToken: "token",
    peers: [peer("bob")],
    iceServers: [],
  });
  await settle();
  answer();
  await join;
  world.pc.connect();
});

afterEach(() => {
  client.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function answer(): void {
  const id = world.socket.of("offer").at(-1)?.id ?? 0;
  world.socket.receive({ type: "answer", id, sdp: "v=0" });
}

const failed = (code: string): ServerMessage => ({
  type: "error",
  code,
  message: "",
  fatal: true,
  rejoin: true,
  id: null,
  retryAfter: null,
  failure: "f-1",
});

async function comeBack(peers: PeerInfo[]): Promise<void> {
  await settle();
  world.socket.open();
  await settle();
  world.socket.receive({ type: "resumed", peer: "me", room: "demo", peers });
  await settle();
}

describe("an error in the server", () => {
  it("is told with the reference under which its operator finds it", async () => {
    const told: unknown[] = [];
    client.on("state", ({ state, error }) => told.push(state, error?.code, error?.failure));
    world.socket.receive(failed("peer-failed"));
    await settle();
    expect(told).toEqual(["reconnecting", "peer-failed", "f-1"]);
  });
});

describe("a lost socket", () => {
  it("is replaced by one that resumes the session, without an offer", async () => {
    world.socket.lose();
    await comeBack([peer("bob")]);
    expect(world.socket.of("resume")).toEqual([{ type: "resume", resumeToken: "token" }]);
    expect([world.socket.of("join"), world.socket.of("offer")]).toEqual([[], []]);
    expect([world.sockets.length, world.pcs.length]).toEqual([2, 1]);
    expect(states).toEqual(["joining", "connected"]);
  });

  it("makes up for what was missed on either side", async () => {
    const left: string[] = [];
    client.on("peer-left", ({ peer }) => left.push(peer.id));
    client.prefer("bob", "low");
    world.socket.lose();
    await client.publish("camera", track("video"));
    await comeBack([peer("bob"), peer("eve")]);
    expect(client.peers.map(({ id }) => id)).toEqual(["bob", "eve"]);
    expect(world.socket.of("prefer")).toEqual([{ type: "prefer", peer: "bob", quality: "low" }]);
    const live = world.socket.of("publish").filter(({ live }) => live);
    expect(live.map(({ source }) => source)).toEqual(["camera"]);
    world.socket.lose();
    await comeBack([peer("eve")]);
    expect(left).toEqual(["bob"]);
  });

  it("takes the offer along that had no answer yet", async () => {
    world.window.dispatchEvent(new Event("online"));
    await settle();
    const [, restart] = world.socket.of("offer");
    world.socket.lose();
    await comeBack([peer("bob")]);
    expect(world.socket.of("offer")).toEqual([restart]);
    answer();
    await settle();
    expect(world.pc.signalingState).toBe("stable");
    expect(states.at(-1)).toBe("connected");
  });

  it("is tried again and again while media flows, but not for ever", async () => {
    world.socket.lose();
    await settle();
    for (let n = 0; n < 30 && states.at(-1) === "connected"; n++) {
      if (world.socket.readyState === 0) world.socket.lose();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(states.at(-1)).toBe("reconnecting");
    expect(world.sockets.length).toBeGreaterThan(20);
  });

  it("is what is told when media is lost with it", async () => {
    const told: unknown[] = [];
    client.on("state", ({ error }) => told.push(error?.code));
    world.pc.connect("disconnected");
    world.socket.lose();
    await settle();
    for (let n = 0; n < 20 && told.length === 0; n++) {
      if (world.socket.readyState === 0) world.socket.lose();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(told).toEqual(["signaling-lost"]);
  });

  it("means joining anew when the server knows the session no more, or media is gone", async () => {
    world.socket.lose();
    await settle();
    world.socket.open();
    await settle();
    const code = "resume-unknown";
    world.socket.receive({
      type: "error",
      code,
      message: "",
      fatal: true,
      rejoin: true,
      id: null,
      retryAfter: null,
      failure: null,
    });
    await settle();
    expect(states.at(-1)).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(300);
    world.socket.open();
    await settle();
    expect(world.socket.of("join")[0]?.replaces).toBe("token");
  });

  it("that failed in the server alone is replaced too, and told with its reference", async () => {
    const told: (string | null)[] = [];
    client.on("error", ({ code, failure }) => told.push(code, failure));
    world.socket.receive(failed("connection-failed"));
    await comeBack([peer("bob")]);
    expect(told).toEqual(["connection-failed", "f-1"]);
    expect(world.socket.of("resume")).toHaveLength(1);
    expect(states).toEqual(["joining", "connected"]);
  });

  it("that failed in the server means joining anew when the media is gone", async () => {
    world.pc.connect("disconnected");
    world.socket.receive(failed("connection-failed"));
    await settle();
    expect(states.at(-1)).toBe("reconnecting");
  });

  it("is not replaced after leaving", async () => {
    world.socket.lose();
    client.leave();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(world.sockets).toHaveLength(1);
  });
});

describe("a socket in doubt", () => {
  const hint = () => {
    world.connection.dispatchEvent(new Event("change"));
    return settle();
  };

  it("has to answer, and is kept when it does", async () => {
    const { socket } = world;
    const before = socket.of("ping").length;
    await hint();
    expect(socket.of("ping")).toHaveLength(before + 1);
    await vi.advanceTimersByTimeAsync(300);
    socket.receive({ type: "pong", id: 0 });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(world.sockets).toHaveLength(1);
  });

  it("is kept when it answers before the next one is open", async () => {
    await hint();
    await vi.advanceTimersByTimeAsync(500);
    const [first, second] = world.sockets;
    expect(second?.readyState).toBe(0);
    first?.receive({ type: "pong", id: 0 });
    await settle();
    expect(second?.readyState).toBe(3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(world.sockets).toHaveLength(2);
    client.setMuted("microphone", true);
    expect(first?.readyState).toBe(1);
  });

  it("gives way to the next one, which resumes the session", async () => {
    await hint();
    await vi.advanceTimersByTimeAsync(400);
    const [first] = world.sockets;
    expect(first?.readyState).toBe(1);
    await comeBack([peer("bob")]);
    expect(first?.closeCode).toBe(1000);
    expect(world.socket.of("resume")).toHaveLength(1);
    expect(states).toEqual(["joining", "connected"]);
  });

  it("is followed by ever fewer when none of them gets an answer", async () => {
    for (let second = 0; second < 11; second++) {
      await hint();
      await vi.advanceTimersByTimeAsync(1_000);
      if (world.socket.readyState === 0) world.socket.open();
    }
    expect(world.sockets.length).toBeLessThanOrEqual(5);
    expect(states.at(-1)).toBe("connected");
  });

  it("is not waited for on a way that is no more", async () => {
    await hint();
    await vi.advanceTimersByTimeAsync(500);
    expect(world.sockets).toHaveLength(2);
    world.window.dispatchEvent(new Event("online"));
    await settle();
    expect(world.sockets.map(({ readyState }) => readyState)).toEqual([1, 3, 0]);
    await comeBack([peer("bob")]);
    expect(states).toEqual(["joining", "connected"]);
  });

  it("outlives the media's path, and that the session", async () => {
    await hint();
    world.pc.connect("disconnected");
    await vi.advanceTimersByTimeAsync(500);
    await comeBack([peer("bob")]);
    expect(states).toEqual(["joining", "connected"]);
    expect(world.pcs).toHaveLength(1);
  });
});
