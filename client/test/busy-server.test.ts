import { describe, expect, it, vi } from "vitest";
import { accept, client, joined, refuse, settle, withFreshClient, world } from "./server-part.ts";

withFreshClient();

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
