import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Moderated, RoomClient } from "../src/lib/index.ts";
import type { Rights } from "../src/protocol.ts";
import { ALL_RIGHTS, track, World } from "./fakes.ts";

let world: World;
let client: RoomClient;

beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
  client = new RoomClient(world.settings);
});

afterEach(() => {
  client.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

/** Play the server's part of a join on the newest socket. */
async function accept(rights: Rights): Promise<void> {
  await settle();
  world.socket.open();
  await settle();
  world.socket.receive({
    type: "joined",
    peer: "me",
    room: "demo",
    name: "Ada of the token",
    rights,
    resumeToken: "r",
    peers: [],
    iceServers: [],
  });
  await settle();
  world.socket.receive({
    type: "answer",
    id: world.socket.of("offer").at(-1)?.id ?? 0,
    sdp: "v=0",
  });
  await settle();
}

/** The server's side of the session fails: the client joins anew by itself. */
async function fail(): Promise<void> {
  world.socket.receive({
    type: "error",
    code: "peer-failed",
    message: "",
    fatal: true,
    rejoin: true,
    id: null,
    failure: null,
    retryAfter: null,
  });
  await vi.advanceTimersByTimeAsync(1_000);
}

async function joined(rights: Partial<Rights> = {}): Promise<void> {
  const join = client.join({ room: "demo", name: "Ada", token: "j.w.t" });
  await accept({ ...ALL_RIGHTS, ...rights });
  await join;
}

const live = () => world.socket.of("publish").filter((message) => message.live);

describe("a token", () => {
  it("comes with the join, and with every other one after that", async () => {
    await joined();
    expect(world.socket.of("join")).toMatchObject([{ token: "j.w.t" }]);
    await fail();
    world.socket.open();
    await settle();
    expect(world.socket.of("join")).toMatchObject([{ token: "j.w.t", replaces: "r" }]);
  });

  it("says what the client is called and may do", async () => {
    expect(client.rights.publish).toEqual([]);
    await joined({ publish: ["microphone"], moderate: true });
    expect(client.name).toBe("Ada of the token");
    expect(client.rights).toMatchObject({ publish: ["microphone"], moderate: true });
  });
});

describe("rights", () => {
  it("keep what may not be published from being announced", async () => {
    await client.publish("camera", track("video"));
    await client.publish("microphone", track("audio"));
    await joined({ publish: ["microphone"] });
    expect(live().map((message) => message.source)).toEqual(["microphone"]);
    await client.publish("screen", track("video"));
    expect(live()).toHaveLength(1);
    await client.publish("screen", null);
    expect(world.socket.of("publish").at(-1)).toMatchObject({ source: "screen", live: false });
  });

  it("of a moderator become messages", async () => {
    await joined({ moderate: true });
    client.mutePeer("bob", "microphone", "a dog");
    client.removePeer("bob");
    expect(world.socket.of("mute-peer")).toEqual([
      { type: "mute-peer", peer: "bob", source: "microphone", reason: "a dog" },
    ]);
    expect(world.socket.of("remove-peer")).toEqual([
      { type: "remove-peer", peer: "bob", reason: "" },
    ]);
  });
});

describe("a moderator's mute", () => {
  const mute = (source: Moderated["source"]): Moderated => ({
    type: "moderated",
    code: "muted-by-moderator",
    by: "mo",
    name: "Mo",
    source,
    reason: "a dog",
  });

  it("is carried out, answered and told", async () => {
    const microphone = track("audio");
    await client.publish("microphone", microphone);
    await joined();
    const told: Moderated[] = [];
    client.on("moderated", (message) => told.push(message));
    world.socket.receive(mute("microphone"));
    await settle();
    expect(microphone.enabled).toBe(false);
    expect(live().at(-1)).toMatchObject({ source: "microphone", muted: true });
    expect(told).toMatchObject([{ name: "Mo", reason: "a dog" }]);
    client.setMuted("microphone", false);
    expect(live().at(-1)).toMatchObject({ source: "microphone", muted: false });
  });

  it("ends a shared screen", async () => {
    const screen = track("video");
    await client.publish("screen", screen);
    await joined();
    world.socket.receive(mute("screen"));
    await settle();
    expect(world.socket.of("publish").at(-1)).toMatchObject({ live: false });
    expect(screen.readyState).toBe("ended");
  });
});

describe("somebody else's screen", () => {
  const takenOver: Moderated = {
    type: "moderated",
    code: "screen-taken-over",
    by: "bob",
    name: "Bob",
    source: "screen",
    reason: "",
  };
  const said = (source: string) =>
    world.socket.of("publish").filter((message) => message.source === source);

  it("ends this client's own with its sound, and leaves the camera", async () => {
    const [camera, screen, sound] = [track("video"), track("video"), track("audio")];
    await client.publish("camera", camera);
    await joined();
    await client.publish("screen", screen);
    await client.publish("screen-audio", sound);
    const told: Moderated[] = [];
    client.on("moderated", (message) => told.push(message));
    world.socket.receive(takenOver);
    await settle();
    expect(said("screen").map(({ live }) => live)).toEqual([true, false]);
    expect(said("screen-audio").map(({ live }) => live)).toEqual([true, false]);
    expect([screen.readyState, sound.readyState, camera.readyState]).toEqual([
      "ended",
      "ended",
      "live",
    ]);
    expect(client.published("screen")).toBeUndefined();
    expect(told).toMatchObject([{ code: "screen-taken-over", name: "Bob" }]);
  });

  it("is told when it takes the place of another's", async () => {
    await joined();
    const told: string[] = [];
    client.on("screen-taken-over", ({ name, formerName }) => told.push(`${name}<${formerName}`));
    const about = { by: "bob", name: "Bob", former: "cid", formerName: "Cid" };
    world.socket.receive({ type: "screen-taken-over", ...about });
    expect(told).toEqual(["Bob<Cid"]);
  });

  it("is not taken the place of by one that was shared in a session before", async () => {
    await joined();
    await client.publish("screen", track("video"));
    expect(said("screen")).toMatchObject([{ live: true, again: false }]);
    await fail();
    await accept(ALL_RIGHTS);
    expect(said("screen")).toMatchObject([{ live: true, again: true }]);
  });

  it("ends one that was shared in a session before, until its user shares again", async () => {
    await joined();
    const [screen, next] = [track("video"), track("video")];
    await client.publish("screen", screen);
    await fail();
    await accept(ALL_RIGHTS);
    world.socket.receive(takenOver);
    await settle();
    expect(said("screen")).toMatchObject([{ again: true }, { live: false }]);
    expect(screen.readyState).toBe("ended");
    await fail();
    await accept(ALL_RIGHTS);
    expect(said("screen")).toEqual([]);
    await client.publish("screen", next);
    expect(said("screen")).toMatchObject([{ live: true, again: false }]);
  });
});

describe("rights that an operator has changed", () => {
  const changed = (rights: Partial<Rights>) =>
    world.socket.receive({ type: "rights-changed", rights: { ...ALL_RIGHTS, ...rights } });
  const answered = async () => {
    await settle();
    const id = world.socket.of("offer").at(-1)?.id ?? 0;
    world.socket.receive({ type: "answer", id, sdp: "v=0" });
    await settle();
  };

  it("are told, offered for, and end a screen that may not be shown", async () => {
    const screen = track("video");
    await client.publish("screen", screen);
    await joined();
    const told: Rights[] = [];
    client.on("rights-changed", (rights) => told.push(rights));
    changed({ publish: ["microphone"] });
    await answered();
    expect(client.rights.publish).toEqual(["microphone"]);
    expect(told).toMatchObject([{ publish: ["microphone"] }]);
    expect(screen.readyState).toBe("ended");
    expect(world.socket.of("offer")).toHaveLength(2);
  });

  it("bring back what could not be published before", async () => {
    await client.publish("camera", track("video"));
    await joined({ publish: [] });
    expect(live()).toHaveLength(0);
    changed({});
    await answered();
    expect(live().map((message) => message.source)).toEqual(["camera"]);
    // In order behind the offer that has a line for it.
    const types = world.socket.sent.map((message) => message.type);
    expect(types.lastIndexOf("publish")).toBeGreaterThan(types.lastIndexOf("offer"));
  });
});

describe("a client that is moved", () => {
  it("joins the other room with the same token and what it publishes", async () => {
    await client.publish("microphone", track("audio"));
    await joined();
    const told: string[] = [];
    client.on("moved", (room) => told.push(room));
    world.socket.receive({ type: "moved", room: "other" });
    world.socket.receive({
      type: "error",
      code: "moved",
      message: "",
      fatal: true,
      rejoin: true,
      id: null,
      failure: null,
      retryAfter: null,
    });
    await vi.advanceTimersByTimeAsync(1_000);
    await accept(ALL_RIGHTS);
    expect(told).toEqual(["other"]);
    expect(world.socket.of("join")).toMatchObject([
      { room: "other", token: "j.w.t", replaces: "r" },
    ]);
    expect(live().map((message) => message.source)).toEqual(["microphone"]);
    expect(client.state).toBe("connected");
  });
});
