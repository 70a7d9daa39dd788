import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type Check,
  canCall,
  type Finding,
  testConnection,
  wayOf,
} from "../src/lib/connection-test/index.ts";
import { keptTo, protocolsIn, relayTrouble } from "../src/lib/connection-test/way.ts";
import { CONNECTION_LANGUAGES, remark, summary } from "../src/page/connection-view.ts";
import { setLanguage } from "../src/page/language.ts";
import { connectionEn } from "../src/page/messages/connection-en.ts";
import { FakeServer, fakeTrack } from "../src/testing/index.ts";

const finding = (check: Check, state: Finding["state"] = "ok", code = "passed"): Finding => ({
  check,
  state,
  code,
  message: "",
  remedy: "",
  milliseconds: null,
});

describe("a peer connection on one way", () => {
  const udp = "a=candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host";
  const tcp = "a=candidate:2 1 TCP 1671430143 192.0.2.1 7882 typ host tcptype passive";
  const sdp = ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", udp, tcp, "a=mid:0", ""].join("\r\n");

  it("is told the server's candidates of that way alone", () => {
    expect(keptTo("udp", sdp)).not.toContain(tcp);
    expect(keptTo("udp", sdp)).toContain(udp);
    expect(keptTo("tcp", sdp)).not.toContain(udp);
    expect(keptTo("tcp", sdp)).toContain(tcp);
    expect(keptTo("relay", sdp)).toBe(keptTo("udp", sdp));
    expect(keptTo("udp", sdp).split("\r\n")).toHaveLength(5);
  });

  it("knows which ways the server offers", () => {
    expect(protocolsIn(sdp)).toEqual(new Set(["udp", "tcp"]));
    expect(protocolsIn(keptTo("udp", sdp))).toEqual(new Set(["udp"]));
  });

  it.each([
    [401, "stun-unauthorized"],
    [486, "stun-refused"],
    [701, "stun-unreachable"],
  ])("says what is wrong with a TURN server: %i is %s", (number, code) => {
    expect(relayTrouble(number, "Text")).toEqual({ code, message: `${number} Text` });
  });
});

describe("what was found", () => {
  const media = [finding("publish"), finding("receive")];

  it("is enough for a call, by the best way there is", () => {
    const all = [finding("WebSocket"), finding("UDP reachability"), ...media];
    expect([canCall(all), wayOf(all)]).toEqual([true, "udp"]);
    const blocked = finding("UDP reachability", "fail", "no-answer");
    const byTcp = [finding("WebSocket"), blocked, finding("TCP reachability"), ...media];
    expect([canCall(byTcp), wayOf(byTcp)]).toEqual([true, "tcp"]);
    const relayed = [finding("WebSocket"), blocked, finding("TURN"), ...media];
    expect(wayOf(relayed)).toBe("relay");
    expect(canCall(relayed.slice(0, 3))).toBe(false);
  });

  it("is said for people, with the way out", () => {
    const blocked = [finding("WebSocket"), finding("UDP reachability", "fail", "no-answer")];
    expect(summary(blocked)).toBe(connectionEn["summary.blocked"]);
    expect(summary([finding("WebSocket", "fail", "server-unreachable")])).toContain("network");
    expect(summary([...blocked, finding("TCP reachability"), ...media])).toContain(
      "UDP is blocked",
    );
    const deaf = finding("receive", "warn", "subscribe-denied");
    expect(summary([finding("WebSocket"), finding("UDP reachability"), deaf])).toBe(
      connectionEn["summary.send"],
    );
    const denied = finding("publish", "warn", "publish-denied");
    expect(summary([finding("WebSocket"), finding("UDP reachability"), denied])).toBe(
      connectionEn["summary.listen"],
    );
    expect(remark({ ...finding("UDP reachability"), milliseconds: 12 })).toBe(
      "12 ms there and back",
    );
    expect(remark(finding("TURN", "fail", "stun-unauthorized"))).toContain("stun-unauthorized");
    setLanguage("fr");
    expect(summary(blocked)).toContain("Essayez un autre réseau");
    setLanguage("en");
  });

  it("has words in every language, with the same parameters", () => {
    const parameters = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const messages of Object.values(CONNECTION_LANGUAGES)) {
      expect(Object.keys(messages).sort()).toEqual(Object.keys(connectionEn).sort());
      for (const [key, text] of Object.entries(messages))
        expect(parameters(text)).toEqual(
          parameters(connectionEn[key as keyof typeof connectionEn]),
        );
    }
  });
});

describe("a test", () => {
  let server: FakeServer;
  const stop = new AbortController();
  const media = { camera: fakeTrack("video"), microphone: fakeTrack("audio") };

  beforeEach(() => {
    vi.useFakeTimers();
    server = new FakeServer();
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  async function findings(signal?: AbortSignal, more = {}): Promise<string[]> {
    const found: string[] = [];
    const test = testConnection({ ...server.settings, media, ...(signal && { signal }), ...more });
    const reading = (async () => {
      for await (const { check, state, code } of test) found.push(`${check} ${state} ${code}`);
    })();
    await vi.advanceTimersByTimeAsync(60_000);
    await reading;
    return found;
  }

  const closed = () => server.connections.every((connection) => connection.closed);

  it("says that nobody is there", async () => {
    server.reachable = false;
    expect(await findings()).toEqual(["WebSocket fail server-unreachable"]);
    expect(closed()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says that the browser has no connections to give", async () => {
    const createPeerConnection = () => {
      throw new Error("too many");
    };
    expect(await findings(undefined, { createPeerConnection })).toEqual([
      "WebSocket fail no-webrtc",
    ]);
  });

  it("says what the server refuses", async () => {
    server.refusal = { code: "token-required" };
    expect(await findings()).toEqual(["WebSocket fail token-required"]);
    expect(closed()).toBe(true);
  });

  it("goes into no room that people are in", async () => {
    server.knowsTrials = false;
    expect(await findings()).toEqual(["WebSocket fail no-trial"]);
    expect(server.heard.at(-1)?.type).toBe("leave");
  });

  it("comes to its end when no media arrives, and leaves nothing behind", async () => {
    expect(await findings()).toEqual([
      "WebSocket ok passed",
      "UDP reachability ok passed",
      "publish fail not-received",
      // The fake server knows its newest client alone.
      "reconnect warn resume-failed",
    ]);
    expect(closed()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("can be stopped", async () => {
    const test = testConnection({ ...server.settings, media, signal: stop.signal });
    const first = test.next();
    await vi.advanceTimersByTimeAsync(0);
    expect((await first).value?.check).toBe("WebSocket");
    stop.abort();
    expect((await test.next()).done).toBe(true);
    expect(closed()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
