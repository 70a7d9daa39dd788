import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomClient } from "../src/lib/index.ts";
import { FakeServer, fakeTrack } from "../src/testing/index.ts";

let server: FakeServer;
let client: RoomClient;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  client = new RoomClient(server.settings);
});

afterEach(() => {
  client.leave();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

async function joined(): Promise<void> {
  await client.join({ room: "demo", name: "Ada" });
  await settle();
}

describe("an application's test, on a fake server", () => {
  it("joins, sees who comes, what they publish, and that they go", async () => {
    const bob = server.enters("Bob", ["camera", "microphone"]);
    await joined();
    expect(client.peers.map(({ name, videoSource }) => [name, videoSource])).toEqual([
      ["Bob", "camera"],
    ]);
    expect(client.peers[0]?.audio).not.toBeNull();
    bob.publish("screen");
    expect(client.peers[0]?.videoSource).toBe("screen");
    bob.unpublish("screen");
    expect(client.peers[0]?.videoSource).toBe("camera");
    bob.mute("microphone");
    expect(client.peers[0]?.tracks).toContainEqual({ source: "microphone", muted: true });
    const cleo = server.enters("Cleo", ["camera"]);
    expect(client.peers.map(({ name }) => name)).toEqual(["Bob", "Cleo"]);
    cleo.leave();
    expect(client.peers.map(({ name }) => name)).toEqual(["Bob"]);
  });

  it("shows who presents beside the screen while the view asks for that", async () => {
    const bob = server.enters("Bob", ["camera", "screen"]);
    await joined();
    const stage = { peer: bob.id, width: 1920, height: 1080 };
    client.setView({ tiles: [stage], hidden: false });
    await settle();
    expect(client.peers[0]).toMatchObject({ videoSource: "screen", camera: null });
    const beside = { peer: bob.id, source: "camera" as const, width: 320, height: 180 };
    client.setView({ tiles: [stage, beside], hidden: false });
    await settle();
    expect(client.peers[0]?.videoSource).toBe("screen");
    expect(client.peers[0]?.camera).not.toBeNull();
    expect(client.peers[0]?.camera).not.toBe(client.peers[0]?.video);
    bob.unpublish("screen");
    expect(client.peers[0]).toMatchObject({ videoSource: "camera", camera: null });
  });

  it("asks for a slot more where all are stages", async () => {
    const everybody = ["Bob", "Cleo", "Dan", "Eve"].map((name) => server.enters(name, ["camera"]));
    await joined();
    const bob = everybody[0]?.id ?? "";
    everybody[0]?.publish("screen");
    expect(client.offersSent).toBe(1);
    client.setView({ tiles: [{ peer: bob, source: "camera" }], hidden: false });
    await settle();
    expect(client.offersSent).toBe(2);
    expect(client.peers.map(({ camera }) => camera !== null)).toEqual([true, false, false, false]);
  });

  it("has one screen at a time, the later one", async () => {
    const bob = server.enters("Bob", ["camera", "screen"]);
    await joined();
    const told: string[] = [];
    client.on("screen-taken-over", ({ name, formerName }) => told.push(`${name}<${formerName}`));
    client.on("moderated", ({ code, name }) => told.push(`${code} ${name}`));
    await client.publish("screen", fakeTrack("video"));
    await settle();
    expect(bob.publishes("screen")).toBe(false);
    bob.publish("screen");
    await settle();
    expect(server.published("screen")).toBeNull();
    expect(client.published("screen")).toBeUndefined();
    expect(told).toEqual(["Ada<Bob", "screen-taken-over Bob"]);
  });

  it("asks what the application publishes", async () => {
    const camera = fakeTrack("video");
    await client.publish("camera", camera);
    await joined();
    expect(server.published("camera")).toEqual({ muted: false });
    expect(server.sent("camera")).toBe(camera);
    client.setMuted("camera", true);
    await settle();
    expect(server.published("camera")).toEqual({ muted: true });
    await client.publish("camera", null);
    await settle();
    expect(server.published("camera")).toBeNull();
  });

  it("talks, raises hands and reacts", async () => {
    await joined();
    const bob = server.enters("Bob");
    bob.write("hello");
    client.conversation.write("good morning");
    await settle();
    const texts = client.conversation.messages.map(({ name, text }) => `${name}: ${text}`);
    expect(texts).toEqual(["Bob: hello", "Ada: good morning"]);
    bob.raiseHand();
    expect(client.conversation.hands).toEqual([bob.id]);
    const spoken: string[] = [];
    client.on("speakers", ([first]) => spoken.push(first?.peer ?? ""));
    bob.speak();
    expect(spoken).toEqual([bob.id]);
  });

  it("loses the socket, and the session", async () => {
    const states: string[] = [];
    client.on("state", ({ state }) => states.push(state));
    await joined();
    const { self } = client;
    server.loseSocket();
    await vi.advanceTimersByTimeAsync(100);
    expect(states).toEqual(["joining", "connected"]);
    expect(server.heard.filter(({ type }) => type === "resume")).toHaveLength(1);
    expect(client.self).toBe(self);
    server.end({ code: "peer-failed", rejoin: true });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(states).toEqual(["joining", "connected", "reconnecting", "connected"]);
    expect(client.self).not.toBe(self);
    server.end({ code: "room-closed" });
    await settle();
    expect(states.at(-1)).toBe("closed");
  });

  it("is refused, or reaches nobody", async () => {
    server.refusal = { code: "room-full" };
    await expect(client.join({ room: "demo", name: "Ada" })).rejects.toMatchObject({
      code: "room-full",
    });
    server.refusal = null;
    server.reachable = false;
    await expect(client.join({ room: "demo", name: "Ada" })).rejects.toMatchObject({
      code: "server-unreachable",
    });
  });

  it("is moderated", async () => {
    const microphone = fakeTrack("audio");
    await client.publish("microphone", microphone);
    await joined();
    const mo = server.enters("Mo");
    server.moderate(mo, "microphone", "a dog barks");
    expect(microphone.enabled).toBe(false);
    server.changeRights({ publish: [] });
    expect(client.rights.publish).toEqual([]);
    server.moderate(mo);
    await settle();
    expect(client.state).toBe("closed");
  });
});
