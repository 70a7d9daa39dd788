import { describe, expect, it } from "vitest";
import { Emitter } from "../src/lib/emitter.ts";
import type { RemotePeer, RoomClient, RoomEvents } from "../src/lib/index.ts";
import { Grader, type Passage, WELL } from "../src/page/grade/grader.ts";
import { passages } from "../src/page/grade/passage.ts";
import { type Grades, watch } from "../src/page/grade/watch.ts";
import type { Line } from "../src/page/statistics/look.ts";

const loss = (part: number): Passage => ({ ...WELL, loss: part });

function grades(looks: readonly Passage[]): string {
  const grader = new Grader();
  return looks.map((look) => grader.next(look)[0]).join("");
}

describe("Grader", () => {
  it("says nothing of a single bad look, nor of a single good one", () => {
    expect(grades([WELL, loss(0.5), WELL, loss(0.5), WELL])).toBe("ggggg");
    const [bad, good] = [loss(0.5), WELL];
    expect(grades([bad, bad, good, bad, good, good, bad, bad])).toBe("gbbbbbbb");
  });

  it("is worse after two looks, and better after three", () =>
    expect(grades([loss(0.06), loss(0.06), WELL, WELL, WELL])).toBe("gwwwg"));

  it("goes no further than all of the looks say", () => {
    expect(grades([loss(0.06), loss(0.5), loss(0.5), loss(0.5)])).toBe("gwwb");
    expect(grades([loss(0.5), loss(0.5), WELL, loss(0.06), WELL])).toBe("gbbbw");
  });

  it("does not go to and fro about a limit", () => {
    const about = Array.from({ length: 40 }, (_, n) => loss(n % 6 < 3 ? 0.045 : 0.035));
    expect(grades(about)).toBe(`g${"w".repeat(39)}`);
    expect(grades([...about, loss(0.02), loss(0.02), loss(0.02)]).at(-1)).toBe("g");
  });

  it.each<[Partial<Passage>, string]>([
    [{ standstill: 0.2 }, "w"],
    [{ standstill: 0.7 }, "b"],
    [{ roundTrip: 0.5 }, "w"],
    [{ roundTrip: 1.5 }, "b"],
    [{ stopped: true }, "b"],
    [{ loss: 0.03, roundTrip: 0.3, standstill: 0.1 }, "g"],
  ])("makes of %o, twice, %s", (passage, grade) => {
    const look = { ...WELL, ...passage };
    expect(grades([look, look]).at(-1)).toBe(grade);
  });

  it("waits longer for video that may still be on its way up", () => {
    const less = { ...WELL, reduced: true };
    expect(grades([less, less, less, less, WELL, less, less])).toBe("ggggggg");
    expect(grades(Array.from({ length: 6 }, () => less))).toBe("gggggw");
  });
});

const peer = (id: string, more: Partial<RemotePeer> = {}) =>
  ({ id, connection: "connected", layer: null, ...more }) as unknown as RemotePeer;

const QUIET = { standstill: 0, roundTrip: null };
const line = (of: RemotePeer | null, stream: Partial<Line["stream"]>, source = "camera") =>
  ({
    key: `${of?.id ?? "self"} ${source}`,
    peer: of,
    source,
    stream: {
      id: "s",
      direction: "received",
      at: 0,
      bytes: 0,
      packets: 0,
      lost: 0,
      ...QUIET,
      ...stream,
    },
  }) as unknown as Line;

describe("passages", () => {
  const ann = peer("ann");

  it("has everybody, with the worst of their lines", () => {
    const before = [line(ann, {}), line(ann, { standstill: 0 }, "microphone"), line(null, {})];
    const now = [
      line(ann, { at: 2_000, packets: 90, lost: 10 }),
      line(ann, { at: 2_000, packets: 75, lost: 25, standstill: 0.5 }, "microphone"),
      line(null, { at: 2_000, direction: "sent", packets: 100, lost: 5, roundTrip: 0.2 }),
    ];
    expect([...passages(before, now, [ann, peer("bob")])]).toEqual([
      ["self", { ...WELL, loss: 0.05, roundTrip: 0.2 }],
      ["ann", { ...WELL, loss: 0.25, standstill: 0.25 }],
      ["bob", WELL],
    ]);
  });

  it("does not judge by a few packets, by another line's, or by a screen that does not move", () => {
    const seen = (before: Line, now: Line) => passages([before], [now], [ann]).get("ann");
    const few = { at: 2_000, packets: 9, lost: 9 };
    expect(seen(line(ann, {}), line(ann, few))).toEqual(WELL);
    const other = { id: "t", at: 2_000, packets: 90, lost: 90 };
    expect(seen(line(ann, {}), line(ann, other))).toEqual(WELL);
    const still = { at: 2_000, packets: 90, standstill: 2 };
    expect(seen(line(ann, {}, "screen"), line(ann, still, "screen"))).toEqual(WELL);
    expect(seen(line(ann, {}), line(ann, still))).toEqual({ ...WELL, standstill: 1 });
  });

  it("tells less video that the network is the reason of", () => {
    const layer = { rid: "q", wanted: "f", paused: null };
    const of = (more: object) => passages([], [], [peer("p", more)]).get("p");
    expect(of({ layer })).toEqual({ ...WELL, reduced: true });
    expect(of({ layer: { ...layer, rid: "f" } })).toEqual(WELL);
    expect(of({ layer: { rid: null, wanted: "f", paused: "hidden" } })).toEqual(WELL);
    expect(of({ layer: { rid: null, wanted: "f", paused: "bandwidth" } })?.stopped).toBe(true);
    expect(of({ connection: "lost" })?.stopped).toBe(true);
  });
});

describe("the watch", () => {
  const stream = (mid: string) => ({
    getAudioTracks: () => [{ id: mid }],
    getVideoTracks: () => [],
  });
  const ann = peer("ann", { audio: stream("a") as unknown as MediaStream });

  class FakeClient extends Emitter<RoomEvents> {
    override emit = super.emit;
    readonly pc = { getTransceivers: () => [] };
    peers = [ann];
    published = () => undefined;
    #looks = 0;

    /** Two seconds later: so many of a hundred packets more were lost. */
    looked(lost: number): void {
      const n = ++this.#looks;
      const entry = { id: "s", type: "inbound-rtp", kind: "audio", trackIdentifier: "a" };
      const counted = { timestamp: n * 2_000, packetsReceived: n * 100, packetsLost: n * lost };
      this.emit("statistics", new Map([["s", { ...entry, ...counted }]]) as never);
    }
  }

  function watched() {
    const client = new FakeClient();
    const told: Grades[] = [];
    const stop = watch(client as unknown as RoomClient, (grades) => told.push(grades));
    return { client, told, stop };
  }

  it("tells whose connection is not good, and nothing any more when there is none", () => {
    const { client, told, stop } = watched();
    for (let look = 0; look < 3; look++) client.looked(30);
    expect(told.at(-1)).toEqual(new Map([["ann", "bad"]]));
    client.emit("state", { state: "reconnecting", previous: "connected", error: null });
    expect(told.at(-1)).toEqual(new Map());
    client.looked(30);
    expect(told.at(-1)).toEqual(new Map());
    const before = told.length;
    stop();
    client.looked(30);
    expect(told).toHaveLength(before);
  });

  it("forgets who has left", () => {
    const { client, told } = watched();
    for (let look = 0; look < 3; look++) client.looked(30);
    client.peers = [];
    client.looked(30);
    expect(told.at(-1)).toEqual(new Map());
  });
});
