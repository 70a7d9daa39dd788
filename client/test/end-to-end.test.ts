import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FromWorker, ToWorker } from "../src/lib/encryption/worker-messages.ts";
import { encryptionState, isWithheld } from "../src/lib/end-to-end.ts";
import { type EncryptionState, RoomClient, RoomError } from "../src/lib/index.ts";
import { fragmentOf, keyIn, proposeKey } from "../src/page/call-key.ts";
import { troubleOf } from "../src/page/encryption-watch.ts";
import type { PeerInfo } from "../src/protocol.ts";
import { ALL_RIGHTS, track, World } from "./fakes.ts";

const peer = (id: string, encrypted: boolean): PeerInfo => ({
  id,
  name: id,
  tracks: [],
  connection: "connected",
  identity: null,
  metadata: null,
  encrypted,
});

/** The worker's side, of which only messages are seen here. */
class FakeWorker {
  static newest: FakeWorker;
  readonly heard: ToWorker[] = [];
  terminated = false;
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: (() => void) | null = null;
  constructor() {
    FakeWorker.newest = this;
  }
  postMessage(message: ToWorker) {
    this.heard.push(message);
  }
  terminate() {
    this.terminated = true;
  }
  says(message: FromWorker) {
    this.onmessage?.({ data: message });
  }
  get kinds() {
    return this.heard.map(({ type }) => type);
  }
}

class FakeTransform {
  constructor(
    readonly worker: FakeWorker,
    readonly options: { side: string; line?: number },
  ) {}
}

let world: World;
let client: RoomClient;
let secrets: number;

beforeEach(() => {
  world = new World();
  client = new RoomClient(world.settings);
  secrets = 0;
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("RTCRtpScriptTransform", FakeTransform);
});

afterEach(() => {
  client.leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const source = {
  secret: () => {
    secrets += 1;
    return new Uint8Array(32).fill(secrets);
  },
};

async function join(peers: PeerInfo[], encryption?: typeof source): Promise<void> {
  const joined = client.join({ room: "demo", name: "Ada", ...(encryption && { encryption }) });
  await vi.waitUntil(() => world.sockets.length > 0);
  world.socket.open();
  await vi.waitUntil(() => world.socket.of("join").length > 0);
  world.socket.receive({
    type: "joined",
    peer: "me",
    room: "demo",
    name: "Ada",
    rights: ALL_RIGHTS,
    resumeToken: "t",
    peers,
    iceServers: [],
  });
  await vi.waitUntil(() => world.socket.of("offer").length > 0);
  world.socket.receive({ type: "answer", id: world.socket.of("offer")[0]?.id ?? 0, sdp: "v=0" });
  await joined;
}

/** The line of the first slot of video, which shows `of` from now on. */
function shows(of: string): number {
  const slot = world.socket.of("offer")[0]?.slots?.find(({ kind }) => kind === "video");
  const mid = slot?.mid ?? "";
  world.socket.receive({ type: "slots", slots: [{ mid, peer: of, source: "camera" }] });
  world.socket.receive({ type: "slot-shows", mid, peer: of, source: "camera", rid: "q" });
  const receiver = world.pc.transceivers.find((each) => each.mid === mid)?.receiver;
  return (receiver as unknown as { transform: FakeTransform }).transform.options.line ?? -1;
}

const prefers = () => world.socket.of("prefer").map(({ peer, quality }) => `${peer} ${quality}`);
const states = () => client.peers.map(({ encryption }) => encryption);

describe("a client with a secret", () => {
  it("has every line sealed or opened before the first offer, and says so", async () => {
    await join([], source);
    const ends = world.pc.transceivers.map((each) => {
      const end = each.direction === "sendonly" ? each.sender : each.receiver;
      return (end as unknown as { transform?: FakeTransform }).transform?.options.side;
    });
    expect(ends).toEqual([
      ...Array(4).fill("send"),
      ...Array(world.pc.transceivers.length - 4).fill("receive"),
    ]);
    expect(world.socket.of("join")[0]?.encrypted).toBe(true);
    expect(client.encrypted).toBe(true);
    expect(FakeWorker.newest.kinds).toContain("secret");
    expect(JSON.stringify(world.socket.sent)).not.toContain("secret");
  });

  it("tells of each peer whether it is opened, and shows only what is", async () => {
    const told: EncryptionState[] = [];
    client.on("encryption", ({ state }) => told.push(state));
    await join([peer("bob", true)], source);
    const line = shows("bob");
    expect(states()).toEqual(["waiting"]);
    FakeWorker.newest.says({ type: "line", line, state: "open" });
    expect(client.peers[0]).toMatchObject({ encryption: "on", videoSource: "camera" });
    FakeWorker.newest.says({ type: "line", line, state: "key" });
    expect(client.peers[0]).toMatchObject({ encryption: "key-wrong", video: null, audio: null });
    // No keyframes are asked of him for nothing, whatever size the tile has.
    expect(prefers()).toEqual(["bob off"]);
    client.prefer("bob", "medium");
    expect(prefers().at(-1)).toBe("bob off");
    FakeWorker.newest.says({ type: "line", line, state: "open" });
    expect(prefers().at(-1)).toBe("bob medium");
    expect(told).toEqual(["waiting", "on", "key-wrong", "on"]);
  });

  it("does not take one peer's state for the next one's on the same line", async () => {
    await join([peer("bob", true), peer("eve", true)], source);
    const line = shows("bob");
    FakeWorker.newest.says({ type: "line", line, state: "key" });
    expect(states()).toEqual(["key-wrong", "waiting"]);
    shows("eve");
    expect(states()).toEqual(["waiting", "waiting"]);
    expect(FakeWorker.newest.heard.at(-1)).toEqual({ type: "reset", lines: [line] });
  });

  it("shows nobody who does not encrypt", async () => {
    await join([peer("bob", false)], source);
    expect(states()).toEqual(["plain"]);
    expect(prefers()).toEqual(["bob off"]);
  });

  it("asks for another secret when somebody leaves, once for many", async () => {
    await join([peer("bob", true), peer("eve", true)], source);
    expect(secrets).toBe(1);
    for (const id of ["bob", "eve"])
      world.socket.receive({ type: "peer-left", peer: id, reason: "left" });
    await vi.waitUntil(() => secrets === 2);
    FakeWorker.newest.says({ type: "sealing", generation: 1 });
    expect(client.keyGeneration).toBe(1);
    client.leave();
    await vi.waitUntil(() => FakeWorker.newest.terminated);
    expect(secrets).toBe(2);
    expect(client.encrypted).toBe(false);
  });

  it("does not join where the browser cannot encrypt", async () => {
    vi.stubGlobal("RTCRtpScriptTransform", undefined);
    const failed = await client
      .join({ room: "demo", name: "Ada", encryption: source })
      .catch((error: unknown) => error);
    expect((failed as RoomError).code).toBe("encryption-unsupported");
    expect(failed).toBeInstanceOf(RoomError);
    expect(world.sockets).toEqual([]);
    expect(client.state).toBe("closed");
  });
});

describe("a client without a secret", () => {
  it("neither plays nor asks for what is encrypted", async () => {
    await client.publish("microphone", track("audio"));
    await join([peer("bob", true), peer("eve", false)]);
    expect(world.socket.of("join")[0]?.encrypted).toBeUndefined();
    expect(states()).toEqual(["key-missing", "off"]);
    expect(client.peers[0]).toMatchObject({ video: null, audio: null, screenAudio: null });
    expect(prefers()).toEqual(["bob off"]);
  });
});

describe("what is said", () => {
  it("goes by what arrives before what the server says", () => {
    expect(encryptionState(false, ["waiting", "open"])).toBe("on");
    expect(encryptionState(false, ["waiting"])).toBe("plain");
    expect(encryptionState(true, ["plain"])).toBe("plain");
    expect(encryptionState(true, ["key", "open"])).toBe("on");
    expect(encryptionState(true, null)).toBe("key-missing");
    expect(encryptionState(false, null)).toBe("off");
    expect((["off", "waiting", "on"] as const).some(isWithheld)).toBe(false);
  });

  it("is about the link only where nobody can be opened", () => {
    expect(troubleOf(["key-wrong", "waiting"])).toBe("encryption-key-wrong");
    expect(troubleOf(["key-wrong", "on"])).toBeNull();
    expect(troubleOf(["key-missing", "off"])).toBe("encryption-key-missing");
    expect(troubleOf(["on", "plain", "waiting"])).toBeNull();
  });

  it("is the key in the link, and there only", () => {
    const key = proposeKey((bytes) => bytes.fill(255));
    expect(key).toBe("_____________________w");
    expect(keyIn(fragmentOf(key))).toBe(key);
    expect(keyIn(fragmentOf("correct horse & co"))).toBe("correct horse & co");
    expect(keyIn("#token=t&key=k")).toBe("k");
    expect([keyIn(""), keyIn("#key="), fragmentOf(null)]).toEqual([null, null, ""]);
  });
});
