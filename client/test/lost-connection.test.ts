import { describe, expect, it, vi } from "vitest";
import { track } from "./fakes.ts";
import {
  accept,
  client,
  joined,
  peer,
  refuse,
  settle,
  withFreshClient,
  world,
} from "./server-part.ts";

withFreshClient();

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
