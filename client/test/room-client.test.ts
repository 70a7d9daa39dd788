import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomClient, RoomError, type RoomState } from "../src/lib/index.ts";
import type { PeerInfo } from "../src/protocol.ts";
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

/** Let everything that waits for nothing but promises happen. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** Play the server's part of a join on the newest socket. */
async function accept(peers: PeerInfo[] = [], token = "token-1"): Promise<void> {
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

async function answer(): Promise<void> {
  const offer = world.socket.of("offer").at(-1);
  world.socket.receive({ type: "answer", id: offer?.id ?? 0, sdp: "v=0" });
  await settle();
}

async function joined(peers: PeerInfo[] = []): Promise<void> {
  const join = client.join({ room: "demo", name: "Ada" });
  await accept(peers);
  await join;
}

function refuse(
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

describe("joining", () => {
  it("offers once, the sending lines in their fixed order, four slot pairs and one for screen audio", async () => {
    await joined();
    expect(states).toEqual(["joining", "connected"]);
    expect(world.socket.of("join")).toEqual([{ type: "join", room: "demo", name: "Ada" }]);
    const [offer] = world.socket.of("offer");
    expect(offer?.sending).toEqual([
      { mid: "0", source: "microphone" },
      { mid: "1", source: "camera" },
      { mid: "2", source: "screen" },
      { mid: "3", source: "screen-audio" },
    ]);
    expect(offer?.slots?.map(({ kind, pair }) => `${kind} ${pair}`)).toEqual([
      ...[0, 1, 2, 3].flatMap((pair) => [`audio ${pair}`, `video ${pair}`]),
      "audio 4",
    ]);
    expect(client.offersSent).toBe(1);
  });

  it("asks for enough slots at once in a large room", async () => {
    await joined(Array.from({ length: 6 }, (_, n) => peer(`p${n}`)));
    const videos = world.socket.of("offer")[0]?.slots?.filter(({ kind }) => kind === "video");
    expect(videos).toHaveLength(8);
    expect(client.offersSent).toBe(1);
  });

  it("publishes what was there before, right behind the offer", async () => {
    await client.publish("camera", track("video"));
    await joined();
    const types = world.socket.sent.map(({ type }) => type);
    expect(types.filter((type) => type !== "ping")).toEqual(["join", "offer", "publish"]);
    expect(world.socket.of("publish")).toEqual([
      { type: "publish", source: "camera", live: true, muted: false },
    ]);
  });

  it("fails with the server's code, and is not retried", async () => {
    const join = client.join({ room: "demo", name: "Ada" });
    await settle();
    world.socket.open();
    await settle();
    refuse("room-full");
    await expect(join).rejects.toMatchObject({ name: "RoomError", code: "room-full" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.sockets).toHaveLength(1);
    expect(client.state).toBe("closed");
    expect(world.pc.closed).toBe(true);
  });

  it("fails when the server cannot be reached", async () => {
    const join = client.join({ room: "demo", name: "Ada" });
    await settle();
    world.socket.lose();
    await expect(join).rejects.toMatchObject({ code: "server-unreachable" });
  });

  it("fails when the server does not answer", async () => {
    const join = expect(client.join({ room: "demo", name: "Ada" })).rejects.toMatchObject({
      code: "request-timeout",
    });
    await settle();
    world.socket.open();
    const pong = setInterval(() => world.socket.receive({ type: "pong", id: 0 }), 1_000);
    await vi.advanceTimersByTimeAsync(10_000);
    clearInterval(pong);
    await join;
  });

  it("can be left before it is done", async () => {
    const join = client.join({ room: "demo", name: "Ada" });
    await settle();
    client.leave();
    await expect(join).rejects.toBeInstanceOf(RoomError);
    expect(client.state).toBe("closed");
  });

  it("is possible again after leaving", async () => {
    await joined();
    client.leave();
    await settle();
    await joined();
    expect(client.state).toBe("connected");
    expect(world.socket.of("join")[0]).not.toHaveProperty("replaces");
  });
});

describe("offers", () => {
  it("are not made because others come, share or leave", async () => {
    await joined();
    for (const id of ["a", "b", "c", "d"])
      world.socket.receive({ type: "peer-joined", peer: peer(id) });
    const tracks = [{ source: "screen" as const, muted: false }];
    world.socket.receive({ type: "peer-updated", peer: { ...peer("a"), tracks } });
    world.socket.receive({ type: "peer-left", peer: "b", reason: "left" });
    world.socket.receive({ type: "peer-joined", peer: peer("e") });
    await settle();
    expect(client.peers.map(({ id }) => id)).toEqual(["a", "c", "d", "e"]);
    expect(client.offersSent).toBe(1);
  });

  it("are made once more, with twice the pairs, when the room outgrows them", async () => {
    await joined([peer("a"), peer("b"), peer("c"), peer("d")]);
    for (const id of ["e", "f"]) world.socket.receive({ type: "peer-joined", peer: peer(id) });
    await settle();
    await answer();
    await settle();
    expect(client.offersSent).toBe(2);
    const videos = world.socket.of("offer")[1]?.slots?.filter(({ kind }) => kind === "video");
    expect(videos).toHaveLength(8);
  });

  it("that are refused later leave the call as it was", async () => {
    const errors: string[] = [];
    client.on("error", ({ code }) => errors.push(code));
    await joined([peer("a"), peer("b"), peer("c"), peer("d")]);
    world.socket.receive({ type: "peer-joined", peer: peer("e") });
    await settle();
    refuse("too-many-lines", { fatal: false, id: 2 });
    await settle();
    world.socket.receive({ type: "peer-joined", peer: peer("f") });
    await settle();
    expect(errors).toEqual(["too-many-lines"]);
    expect(client.state).toBe("connected");
    expect(client.offersSent).toBe(2);
    expect(world.pc.signalingState).toBe("stable");
  });
});

describe("publishing", () => {
  it("fills the sending line without an offer and tells the server", async () => {
    await joined();
    const screen = track("video");
    await client.publish("screen", screen);
    expect(world.pc.transceivers[2]?.sender.track).toBe(screen);
    expect(screen.contentHint).toBe("detail");
    expect(world.socket.of("publish").at(-1)).toMatchObject({ source: "screen", live: true });
    expect(client.offersSent).toBe(1);
  });

  it("ends by itself when the browser ends the capture, sound included", async () => {
    await joined();
    const [screen, sound] = [track("video"), track("audio")];
    await client.publish("screen", screen);
    await client.publish("screen-audio", sound);
    screen.end();
    await settle();
    expect(
      world.socket
        .of("publish")
        .slice(-2)
        .map(({ source, live }) => [source, live]),
    ).toEqual([
      ["screen", false],
      ["screen-audio", false],
    ]);
    expect(sound.readyState).toBe("ended");
    expect(world.pc.transceivers[2]?.sender.track).toBeNull();
    expect(client.published("screen")).toBeUndefined();
  });

  it("mutes by disabling the track and telling the others", async () => {
    await joined();
    const microphone = track("audio");
    await client.publish("microphone", microphone);
    client.setMuted("microphone", true);
    expect(microphone.enabled).toBe(false);
    expect(world.socket.of("publish").at(-1)).toMatchObject({ live: true, muted: true });
  });

  it("sends a preference once, until it changes", async () => {
    await joined([peer("a")]);
    client.prefer("a", "low");
    client.prefer("a", "low");
    client.prefer("a", "high");
    client.prefer("nobody", "low");
    expect(world.socket.of("prefer").map(({ quality }) => quality)).toEqual(["low", "high"]);
  });
});

describe("a lost connection", () => {
  it("is replaced, with the resume token and the same tracks", async () => {
    const camera = track("video");
    await client.publish("camera", camera);
    await joined([peer("a")]);
    world.socket.lose();
    await settle();
    expect(client.state).toBe("reconnecting");
    expect(client.peers).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(400);
    await accept([peer("a")], "token-2");
    expect(client.state).toBe("connected");
    expect(world.socket.of("join")[0]?.replaces).toBe("token-1");
    expect(world.socket.of("publish")[0]).toMatchObject({ source: "camera", live: true });
    expect(world.pc.transceivers[1]?.sender.track).toBe(camera);
    expect(client.offersSent).toBe(2);
  });

  it("keeps the former media until the new one has flown for a while", async () => {
    await joined([peer("a")]);
    const [former] = world.pcs;
    world.pc.connect();
    world.socket.receive({
      type: "slots",
      slots: [{ mid: "5", peer: "a", source: "camera" }],
    });
    world.socket.receive({ type: "slot-shows", mid: "5", peer: "a", source: "camera", rid: "h" });
    const before = client.peers[0]?.video;
    expect(before).not.toBeNull();
    world.socket.lose();
    await settle();
    world.socket.open();
    await settle();
    refuse("resume-unknown", { rejoin: true });
    await vi.advanceTimersByTimeAsync(400);
    world.socket.lose();
    expect(client.peers[0]).toMatchObject({ video: before, videoSource: "camera" });
    await vi.advanceTimersByTimeAsync(800);
    await accept([peer("a")]);
    expect(client.peers[0]).toMatchObject({ video: before, videoSource: "camera" });
    world.pc.connect();
    expect(former?.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(former?.closed).toBe(true);
    expect(client.peers[0]?.videoSource).toBeNull();
  });

  it("is noticed when the server falls silent", async () => {
    await joined();
    world.pc.connect();
    await vi.advanceTimersByTimeAsync(8_000);
    world.socket.receive({ type: "pong", id: 1 });
    await vi.advanceTimersByTimeAsync(12_000);
    expect(client.state).toBe("connected");
    expect(world.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(4_100);
    expect(world.sockets).toHaveLength(2);
  });

  it("is replaced when the media connection fails", async () => {
    await joined();
    world.pc.connect("failed");
    await settle();
    expect(client.state).toBe("reconnecting");
  });

  it("is replaced when no media connection comes up", async () => {
    await joined();
    const pong = setInterval(() => world.socket.receive({ type: "pong", id: 0 }), 1_000);
    await vi.advanceTimersByTimeAsync(20_000);
    clearInterval(pong);
    expect(client.state).toBe("reconnecting");
  });

  it("is given up after a time, and says so", async () => {
    await joined();
    const errors: (string | undefined)[] = [];
    client.on("state", ({ error }) => errors.push(error?.code));
    world.socket.lose();
    for (let n = 0; n < 200 && client.state !== "closed"; n++) {
      await vi.advanceTimersByTimeAsync(1_000);
      if (world.socket.readyState === 0) world.socket.lose();
    }
    expect(errors).toEqual(["signaling-lost", "server-gone"]);
    expect(world.pcs.every(({ closed }) => closed)).toBe(true);
  });

  it("is given up for want of media, when the server is reached", async () => {
    await joined();
    let last: string | undefined;
    client.on("state", ({ error }) => {
      last = error?.code;
    });
    const pong = setInterval(() => world.socket.receive({ type: "pong", id: 0 }), 1_000);
    for (let n = 0; n < 400 && client.state !== "closed"; n++) {
      await vi.advanceTimersByTimeAsync(500);
      if (world.socket.readyState === 0) await accept();
    }
    clearInterval(pong);
    expect(client.state).toBe("closed");
    expect(last).toBe("media-failed");
  });

  it("can be retried at once", async () => {
    await joined();
    world.socket.lose();
    await settle();
    client.retryNow();
    await settle();
    expect(world.sockets).toHaveLength(2);
  });

  it("follows a fatal error only when the server says that rejoining may help", async () => {
    await joined();
    refuse("room-failed", { rejoin: true });
    await settle();
    expect(client.state).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(400);
    await accept();
    refuse("replaced");
    await settle();
    expect(client.state).toBe("closed");
  });

  it("is not a reason to go on for somebody who leaves meanwhile", async () => {
    await joined();
    world.socket.lose();
    await settle();
    client.leave();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(client.state).toBe("closed");
    expect(world.sockets).toHaveLength(1);
  });
});

describe("a busy server", () => {
  const busy = { retryAfter: 10 };

  it("is asked again when it said, and the join succeeds", async () => {
    const waits: number[] = [];
    client.on("waiting", ({ error, seconds }) => {
      expect(error.code).toBe("server-busy");
      waits.push(seconds);
    });
    const join = client.join({ room: "demo", name: "Ada" });
    await settle();
    world.socket.open();
    await settle();
    refuse("server-busy", busy);
    await settle();
    expect(client.state).toBe("joining");
    await vi.advanceTimersByTimeAsync(9_900);
    expect(world.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_200);
    expect(world.sockets).toHaveLength(2);
    await accept();
    await join;
    expect(client.state).toBe("connected");
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(10);
  });

  it("is waited for no longer by somebody who gives up", async () => {
    const join = client.join({ room: "demo", name: "Ada" });
    const outcome = expect(join).rejects.toMatchObject({ code: "server-busy" });
    await settle();
    world.socket.open();
    await settle();
    refuse("server-busy", busy);
    await settle();
    client.leave();
    await outcome;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.state).toBe("closed");
    expect(world.sockets).toHaveLength(1);
  });

  it("is not waited for for ever", async () => {
    const join = client.join({ room: "demo", name: "Ada" });
    const outcome = expect(join).rejects.toMatchObject({ code: "server-busy" });
    for (let n = 0; n < 20 && client.state === "joining"; n += 1) {
      await settle();
      world.socket.open();
      await settle();
      refuse("server-busy", busy);
      await vi.advanceTimersByTimeAsync(15_100);
    }
    await outcome;
    expect(client.state).toBe("closed");
  });

  it("says how much video it sends", async () => {
    const said: string[] = [];
    client.on("video-limited", (most) => said.push(most));
    await joined();
    world.socket.receive({ type: "video-limited", most: "low" });
    await settle();
    expect(client.videoLimit).toBe("low");
    world.socket.lose();
    await settle();
    await vi.advanceTimersByTimeAsync(400);
    await accept();
    expect(said).toEqual(["low", "high"]);
  });
});

describe("a server that is about to stop", () => {
  it("says until when, also when that changes, and takes it back", async () => {
    const said: (number | null)[] = [];
    client.on("draining", (seconds) => said.push(seconds));
    await joined();
    for (const seconds of [30, 12.5, null]) world.socket.receive({ type: "draining", seconds });
    await settle();
    expect(said).toEqual([30, 12.5, null]);
  });

  it("is not expected to stop any more once it has", async () => {
    const said: (number | null)[] = [];
    client.on("draining", (seconds) => said.push(seconds));
    await joined();
    world.socket.receive({ type: "draining", seconds: 30 });
    await settle();
    world.socket.lose();
    await settle();
    await vi.advanceTimersByTimeAsync(400);
    await accept();
    expect(said).toEqual([30, null]);
  });
});

describe("leaving", () => {
  it("says so, closes socket and peer connection, and stops a shared screen only", async () => {
    await joined();
    const [camera, screen] = [track("video"), track("video")];
    await client.publish("camera", camera);
    await client.publish("screen", screen);
    client.leave();
    await settle();
    expect(world.socket.of("leave")).toHaveLength(1);
    expect(world.socket.closeCode).toBe(1000);
    expect(world.pc.closed).toBe(true);
    expect([camera.readyState, screen.readyState]).toEqual(["live", "ended"]);
    expect(states.at(-1)).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("happens when the page goes away", async () => {
    await joined();
    world.window.dispatchEvent(new Event("pagehide"));
    expect(world.socket.of("leave")).toHaveLength(1);
    expect(world.socket.closeCode).toBe(1000);
  });
});

describe("what the server sends", () => {
  it("ends the session when it is no message", async () => {
    await joined();
    world.socket.onmessage?.({ data: "nonsense" });
    await settle();
    expect(client.state).toBe("reconnecting");
  });

  it("may be of a type that this version does not know", async () => {
    await joined();
    world.socket.onmessage?.({ data: JSON.stringify({ type: "from-the-future" }) });
    await settle();
    expect(client.state).toBe("connected");
  });
});

describe("what is on the screen", () => {
  const tile = { peer: "p", width: 320, height: 192, visible: true };

  it("is said once, without those who have left", async () => {
    await joined([peer("p")]);
    const view = { tiles: [tile, { ...tile, peer: "gone" }], hidden: false };
    client.setView(view);
    client.setView(structuredClone(view));
    expect(world.socket.of("view")).toEqual([
      { type: "view", tiles: [tile], hidden: false, statistics: false },
    ]);
  });

  it("is said again in another session", async () => {
    await joined([peer("p")]);
    client.setView({ tiles: [], hidden: true });
    client.watchStatistics(true);
    world.pc.connect();
    world.pc.connect("failed");
    world.socket.lose();
    await vi.advanceTimersByTimeAsync(2_000);
    await accept([peer("p")]);
    expect(world.sockets.length).toBeGreaterThan(1);
    expect(world.socket.of("view")).toEqual([
      { type: "view", tiles: [], hidden: true, statistics: true },
    ]);
  });

  it("comes back as what is sent, and why nothing is", async () => {
    await joined([peer("p")]);
    const video = world.socket.of("offer")[0]?.slots?.find(({ kind }) => kind === "video");
    const mid = video?.mid ?? "";
    world.socket.receive({ type: "slots", slots: [{ mid, peer: "p", source: "camera" }] });
    const layer = {
      mid,
      rid: null,
      spatial: null,
      temporal: null,
      bitrate: 0,
      width: 0,
      height: 0,
      wanted: "h",
      paused: "bandwidth",
      loss: null,
    } as const;
    world.socket.receive({ type: "slot-state", slots: [layer], estimate: 90_000 });
    expect(client.peers[0]?.layer).toEqual(layer);
    expect(client.estimate).toBe(90_000);
  });
});

describe("encodings that nobody watches", () => {
  const active = () => {
    const sender = world.pc.transceivers[1]?.sender as unknown as RTCRtpSender;
    return sender.getParameters().encodings.map(({ rid, active }) => [rid, active]);
  };

  it("are stopped, and go on when somebody does", async () => {
    await joined();
    await client.publish("camera", track("video"));
    expect(active()).toEqual([
      ["q", true],
      ["h", true],
      ["f", true],
    ]);
    world.socket.receive({ type: "send-encodings", source: "camera", rids: ["q"] });
    await settle();
    expect(active()).toEqual([
      ["q", true],
      ["h", false],
      ["f", false],
    ]);
    world.socket.receive({ type: "send-encodings", source: "camera", rids: ["q", "f"] });
    await settle();
    expect(active()).toEqual([
      ["q", true],
      ["h", false],
      ["f", true],
    ]);
  });

  it("are not started by another capture", async () => {
    await joined();
    world.socket.receive({ type: "send-encodings", source: "camera", rids: ["q"] });
    await client.publish("camera", track("video"));
    expect(active().filter(([, on]) => on)).toEqual([["q", true]]);
  });
});

it("waits longer for packets, in sound and picture alike, while some have to be repaired", async () => {
  await joined();
  world.pc.connect();
  const path = { type: "candidate-pair", nominated: true, state: "succeeded" };
  world.pc.stats.set("path", { ...path, currentRoundTripTime: 0.1 });
  for (const [seconds, lost] of [
    [2, 0],
    [4, 40],
  ] as const) {
    const stream = { type: "inbound-rtp", timestamp: seconds * 1_000, packetsLost: lost };
    world.pc.stats.set("stream", { ...stream, packetsReceived: seconds * 500 });
    await vi.advanceTimersByTimeAsync(2_000);
  }
  const receiving = world.pc.transceivers.filter(({ direction }) => direction === "recvonly");
  const targets = receiving.map(({ receiver }) => receiver.jitterBufferTarget);
  expect(new Set(targets)).toEqual(new Set([180]));
});

it("begins an encoder anew when nobody can watch what it sends", async () => {
  await joined();
  const sender = world.pc.transceivers[1]?.sender as unknown as RTCRtpSender;
  const set = vi.spyOn(sender, "setParameters");
  world.socket.receive({ type: "restart-encoder", source: "camera", reason: "no-keyframe" });
  await settle();
  const active = set.mock.calls.map(([parameters]) =>
    parameters.encodings.map(({ active }) => active),
  );
  expect(active[0]).toEqual([false, false, false]);
  expect(active.at(-1)).toEqual([true, true, true]);
});
