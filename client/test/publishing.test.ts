import { describe, expect, it, vi } from "vitest";
import { track } from "./fakes.ts";
import { client, joined, peer, settle, withFreshClient, world } from "./server-part.ts";

withFreshClient();

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
