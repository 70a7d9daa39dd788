import { describe, expect, it, vi } from "vitest";
import { RoomError } from "../src/lib/index.ts";
import { track } from "./fakes.ts";
import {
  answer,
  client,
  joined,
  peer,
  refuse,
  settle,
  states,
  withFreshClient,
  world,
} from "./server-part.ts";

withFreshClient();

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
      { type: "publish", source: "camera", live: true, muted: false, again: true },
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
