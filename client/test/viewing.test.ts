import { describe, expect, it, vi } from "vitest";
import { accept, client, joined, peer, withFreshClient, world } from "./server-part.ts";

withFreshClient();

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

it("shares its looks at what the browser counts, and takes no more for those who listen", async () => {
  await joined();
  const looks = vi.spyOn(world.pc, "getStats");
  const seen: unknown[] = [];
  for (let listener = 0; listener < 2; listener++)
    client.on("statistics", (report) => seen.push(report));
  world.pc.connect();
  await vi.advanceTimersByTimeAsync(10_000);
  // What is looked at more often is one line.
  expect(looks.mock.calls.filter(([line]) => !line)).toHaveLength(5);
  expect(seen).toHaveLength(10);
});
