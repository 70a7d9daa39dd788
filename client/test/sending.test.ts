import { describe, expect, it } from "vitest";
import { SendingLines } from "../src/lib/sending.ts";
import { FakePeerConnection } from "../src/testing/fake-peer-connection.ts";

const screen = () => ({ getSettings: () => ({}) }) as unknown as MediaStreamTrack;

function open(): { lines: SendingLines; active: () => boolean[] } {
  const pc = new FakePeerConnection();
  const lines = new SendingLines(pc as unknown as RTCPeerConnection);
  const sender = () => (lines.line("screen") as RTCRtpTransceiver).sender;
  return {
    lines,
    active: () =>
      sender()
        .getParameters()
        .encodings.map((each) => Boolean(each.active)),
  };
}

describe("a line that has nothing to send", () => {
  it("has no active encoding until there is something, and after it", async () => {
    const { lines, active } = open();
    expect(active()).toEqual([false]);
    await lines.set("screen", screen());
    expect(active()).toEqual([true]);
    await lines.set("screen", null);
    expect(active()).toEqual([false]);
  });

  it("is active when one share has followed another at once", async () => {
    const { lines, active } = open();
    await lines.set("screen", screen());
    await Promise.all([lines.set("screen", null), lines.set("screen", screen())]);
    expect(active()).toEqual([true]);
    await Promise.all([lines.set("screen", screen()), lines.set("screen", null)]);
    expect(active()).toEqual([false]);
  });
});
