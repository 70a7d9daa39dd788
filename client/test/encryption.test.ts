import { beforeAll, describe, expect, it } from "vitest";
import {
  canonical,
  clearLength,
  withEmulation,
  withoutEmulation,
} from "../src/lib/encryption/annex-b.ts";
import { frameKey, secretOfBytes, secretOfPassphrase } from "../src/lib/encryption/keys.ts";
import { FORMER_FOR, Opener } from "../src/lib/encryption/opener.ts";
import { readTrailer, TAG, TRAILER, type Trailer } from "../src/lib/encryption/piece.ts";
import { readBlocks, writeBlocks } from "../src/lib/encryption/redundancy.ts";
import { ReplayWindow, WINDOW } from "../src/lib/encryption/replay.ts";
import { Sealer } from "../src/lib/encryption/sealer.ts";
import { Texts } from "../src/lib/encryption/texts.ts";
import { Verdict } from "../src/lib/encryption/verdict.ts";
import { SEALED_TEXT } from "../src/lib/sealed-text.ts";
import { CHAT_TEXT_MAX_LENGTH } from "../src/protocol.ts";

const OPUS = "audio/opus";
const RED = "audio/red";
const VP8 = "video/vp8";
const VP9 = "video/vp9";
const H264 = "video/h264";
const AV1 = "video/av1";

/** The same bytes in each run. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return state >>> 16;
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);
const secretOf = (text: string) => secretOfBytes(bytes(text.padEnd(16)));

const KEYFRAME = Uint8Array.of(0x10, 0x47, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, ...noise(900));
const DELTA = Uint8Array.of(0xb1, 0x29, 0, ...noise(300, 2));
/** Parameter sets, and a slice in which start codes were avoided. */
const ANNEX_B = Uint8Array.of(
  ...[0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0x8c, 0, 0, 0, 1, 0x68, 0xce],
  ...[0, 0, 0, 1, 0x65, 0xb8, 0x40, ...noise(700, 3), 0, 0, 3, 1, 9],
);
const REDUNDANT = writeBlocks([
  { payloadType: 111, age: 960, data: noise(60, 4) },
  { payloadType: 111, age: null, data: noise(61, 5) },
]);

let secret: CryptoKey;
let other: CryptoKey;
beforeAll(async () => {
  secret = await secretOf("ours");
  other = await secretOf("theirs");
});

/** One who sends, and one line of somebody who has the same secret. */
function pair(random?: (array: Uint8Array) => unknown) {
  const sealer = new Sealer(random);
  const clock = { now: 0 };
  const opener = new Opener(() => clock.now);
  sealer.use(secret);
  opener.use(secret);
  return { sealer, opener, line: opener.line(), clock };
}

async function sealed(sealer: Sealer, codec: string, frame: Uint8Array): Promise<Uint8Array> {
  const found = await sealer.seal(codec, frame);
  if (!found) throw new Error("nothing was sealed");
  return found;
}

const trailerOf = (frame: Uint8Array): Trailer => {
  const trailer = readTrailer(frame);
  if (!trailer) throw new Error("no trailer");
  return trailer;
};

describe("a frame", () => {
  it.each([
    ["Opus", OPUS, noise(80)],
    ["redundant Opus", RED, REDUNDANT],
    ["a VP8 keyframe", VP8, KEYFRAME],
    ["another VP8 frame", VP8, DELTA],
    ["VP9", VP9, noise(500)],
    ["H264", H264, ANNEX_B],
    ["AV1", AV1, Uint8Array.of(0x12, 0, 0x0a, 1, 0, 0x32, ...noise(400))],
    ["one byte", VP8, Uint8Array.of(0)],
    ["none", OPUS, new Uint8Array()],
  ])("of %s comes back as it was", async (_, codec, frame) => {
    const { sealer, line } = pair();
    const sent = await sealed(sealer, codec, frame);
    if (frame.length > 0) expect(sent).not.toEqual(frame);
    expect(await line.open(codec, sent)).toEqual(frame);
  });

  it("has no byte that can be read but those that forwarding needs", async () => {
    const { sealer } = pair();
    for (const [codec, frame, clear] of [
      [VP8, KEYFRAME, 10],
      [VP8, DELTA, 3],
      [VP9, noise(500), 0],
      [OPUS, noise(80), 0],
    ] as const) {
      const sent = await sealed(sealer, codec, frame);
      expect(sent.length).toBe(frame.length + TAG + TRAILER);
      expect(sent.subarray(0, clear)).toEqual(frame.subarray(0, clear));
      // A run of eight bytes of the frame is found nowhere in what is sent.
      const text = sent.join();
      for (let at = clear; at + 8 <= frame.length; at++)
        expect(text).not.toContain(frame.subarray(at, at + 8).join());
    }
  });

  it("is nothing that is sent while there is no secret", async () => {
    expect(await new Sealer().seal(OPUS, noise(9))).toBeNull();
    expect(await new Sealer().seal(RED, REDUNDANT)).toBeNull();
  });

  it.each([
    ["Opus", OPUS, noise(40)],
    ["a VP8 keyframe", VP8, KEYFRAME.slice(0, 60)],
    ["AV1", AV1, noise(40)],
  ])("of %s is not opened when any bit of it was changed", async (_, codec, frame) => {
    const { sealer, line } = pair();
    const sent = await sealed(sealer, codec, frame);
    for (let bit = 0; bit < 8 * sent.length; bit += 3) {
      const changed = Uint8Array.from(sent);
      changed[bit >>> 3] = (changed[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      expect(typeof (await line.open(codec, changed)), `bit ${bit}`).toBe("string");
    }
    expect(await line.open(codec, sent)).toEqual(frame);
  });

  it("is not opened when it was cut, whatever is left", async () => {
    const { sealer, line } = pair();
    const sent = await sealed(sealer, VP8, DELTA);
    for (let length = 1; length < sent.length; length += 5) {
      expect(typeof (await line.open(VP8, sent.subarray(0, length)))).toBe("string");
      expect(typeof (await line.open(VP8, sent.subarray(length)))).toBe("string");
    }
  });

  it("tells another key from no encryption", async () => {
    const { sealer } = pair();
    const stranger = new Opener();
    expect(await stranger.line().open(VP8, await sealed(sealer, VP8, DELTA))).toBe("no-key");
    stranger.use(other);
    const line = stranger.line();
    expect(await line.open(VP8, await sealed(sealer, VP8, DELTA))).toBe("key");
    expect(await line.open(RED, await sealed(sealer, RED, REDUNDANT))).toBe("key");
    expect(await line.open(VP8, DELTA)).toBe("plain");
    expect(await line.open(RED, REDUNDANT)).toBe("plain");
  });
});

describe("the number of a frame", () => {
  it("is used once under one key, whatever line or encoding it is of", async () => {
    const { sealer } = pair();
    const codecs = [VP8, VP8, VP8, OPUS, RED, AV1] as const;
    const frames = { [VP8]: DELTA, [OPUS]: noise(30), [RED]: REDUNDANT, [AV1]: noise(90) };
    const sent = await Promise.all(
      Array.from({ length: 60 }, (_, n) => {
        if (n % 20 === 19) sealer.ratchet();
        const codec = codecs[n % codecs.length] ?? VP8;
        return sealed(sealer, codec, frames[codec]);
      }),
    );
    const used = sent.flatMap((frame, n) =>
      codecs[n % codecs.length] === RED
        ? (readBlocks(frame) ?? []).map(({ data }) => trailerOf(data))
        : [trailerOf(frame)],
    );
    const names = used.map(
      ({ sender, generation, counter }) => `${sender.join()}/${generation}/${counter}`,
    );
    expect(names.length).toBe(70);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is of a key of its own for each sender and each generation", async () => {
    const sender = noise(8);
    const salts = await Promise.all(
      [
        { sender, generation: 0 },
        { sender, generation: 1 },
        { sender: noise(8, 2), generation: 0 },
      ].map(async (id) => (await frameKey(secret, id)).salt.join()),
    );
    expect(new Set(salts).size).toBe(3);
    const ours = new Sealer();
    const theirs = new Sealer();
    for (const each of [ours, theirs]) each.use(secret);
    const [one, two] = [await sealed(ours, OPUS, noise(9)), await sealed(theirs, OPUS, noise(9))];
    expect(trailerOf(one).sender).not.toEqual(trailerOf(two).sender);
  });

  it("opens once on a line, and not when it is old", async () => {
    const { sealer, opener, line } = pair();
    const first = await sealed(sealer, OPUS, noise(20));
    const second = await sealed(sealer, OPUS, noise(21));
    expect(await line.open(OPUS, second)).toEqual(noise(21));
    // Swapped on the way.
    expect(await line.open(OPUS, first)).toEqual(noise(20));
    expect(await line.open(OPUS, first)).toBe("replayed");
    expect(await line.open(OPUS, second)).toBe("replayed");
    // Another line may show the same; the server cannot keep it for later.
    expect(await opener.line().open(OPUS, first)).toEqual(noise(20));
    for (let n = 0; n < WINDOW; n++) await sealer.seal(OPUS, Uint8Array.of(1));
    await line.open(OPUS, await sealed(sealer, OPUS, noise(22)));
    expect(await opener.line().open(OPUS, first)).toBe("replayed");
  });

  it("has a window that forgets nothing within it", () => {
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let newest = -1;
    for (const [n, step] of noise(4000, 7).entries()) {
      const counter = Math.max(0, newest + step - 200 + (n % 500 === 0 ? 3 * WINDOW : 0));
      const expected = !seen.has(counter) && counter > newest - WINDOW;
      expect(window.isFresh(counter), `${counter} after ${newest}`).toBe(expected);
      if (!expected) continue;
      window.mark(counter);
      seen.add(counter);
      newest = Math.max(newest, counter);
    }
  });
});

describe("a ratchet", () => {
  it("goes on with another key, and the former one opens what is on its way and then no more", async () => {
    const { sealer, line, clock } = pair();
    expect(sealer.generation).toBe(0);
    const before = await sealed(sealer, VP8, DELTA);
    const late = await sealed(sealer, VP8, DELTA);
    const kept = await sealed(sealer, VP8, DELTA);
    await line.open(VP8, before);
    sealer.ratchet();
    expect(sealer.generation).toBe(1);
    const after = await sealed(sealer, VP8, DELTA);
    expect(trailerOf(after).counter).toBe(0);
    expect(await line.open(VP8, after)).toEqual(DELTA);
    expect(await line.open(VP8, late)).toEqual(DELTA);
    clock.now += FORMER_FOR + 1;
    expect(await line.open(VP8, kept)).toBe("replayed");
    expect(await line.open(VP8, await sealed(sealer, VP8, DELTA))).toEqual(DELTA);
  });

  it("opens to who comes later, as often as it has been", async () => {
    const { sealer, opener } = pair();
    for (let n = 0; n < 20; n++) sealer.ratchet();
    expect(await opener.line().open(OPUS, await sealed(sealer, OPUS, noise(9)))).toEqual(noise(9));
  });

  it("with another secret shuts out who has the former one", async () => {
    const { sealer, opener, line, clock } = pair();
    const left = new Opener();
    left.use(secret);
    const former = await sealed(sealer, OPUS, noise(9));
    await line.open(OPUS, await sealed(sealer, OPUS, noise(9)));
    sealer.use(other);
    opener.use(other);
    const frame = await sealed(sealer, OPUS, noise(10));
    expect(await left.line().open(OPUS, frame)).toBe("key");
    expect(await line.open(OPUS, frame)).toEqual(noise(10));
    expect(await line.open(OPUS, former)).toEqual(noise(9));
    clock.now += FORMER_FOR + 1;
    const stranger = new Sealer();
    stranger.use(secret);
    expect(await line.open(OPUS, await sealed(stranger, OPUS, noise(9)))).toBe("key");
  });

  it("begins another sender when there are no generations left", async () => {
    const { sealer, line } = pair();
    const first = trailerOf(await sealed(sealer, OPUS, noise(9)));
    for (let n = 0; n <= 0xffff; n++) sealer.ratchet();
    const frame = await sealed(sealer, OPUS, noise(9));
    expect(trailerOf(frame).generation).toBe(0);
    expect(trailerOf(frame).sender).not.toEqual(first.sender);
    expect(await line.open(OPUS, frame)).toEqual(noise(9));
  }, 30_000);
});

describe("a passphrase", () => {
  it("makes the same secret everywhere in a room, and another one elsewhere", async () => {
    const id = { sender: noise(8), generation: 3 };
    const salt = async (passphrase: string, room: string) =>
      (await frameKey(await secretOfPassphrase(passphrase, room), id)).salt.join();
    const ours = await salt("café", "demo");
    // However the accent was typed.
    expect(await salt("cafe\u0301", "demo")).toBe(ours);
    expect(await salt("cafe", "demo")).not.toBe(ours);
    expect(await salt("café", "other")).not.toBe(ours);
  }, 30_000);

  it("of an application has bytes enough", async () => {
    await expect(secretOfBytes(new Uint8Array(15))).rejects.toThrow(RangeError);
  });
});

describe("redundant audio", () => {
  it("is sealed block by block: the newest by itself is a frame of Opus", async () => {
    const { sealer, line } = pair();
    const blocks = readBlocks(await sealed(sealer, RED, REDUNDANT));
    expect(blocks?.map(({ payloadType, age }) => [payloadType, age])).toEqual([
      [111, 960],
      [111, null],
    ]);
    expect(await line.open(OPUS, blocks?.[1]?.data ?? noise(1))).toEqual(noise(61, 5));
  });

  it("loses what has become too long, and what cannot be opened, but not the newest", async () => {
    const { sealer, line } = pair();
    const long = writeBlocks([
      { payloadType: 111, age: 960, data: noise(1010) },
      { payloadType: 111, age: null, data: noise(61) },
    ]);
    const opened = await line.open(RED, await sealed(sealer, RED, long));
    expect(opened).toEqual(writeBlocks([{ payloadType: 111, age: null, data: noise(61) }]));
    const sent = Uint8Array.from(await sealed(sealer, RED, REDUNDANT));
    sent[9] = (sent[9] ?? 0) ^ 1;
    const rest = writeBlocks([{ payloadType: 111, age: null, data: noise(61, 5) }]);
    expect(await line.open(RED, sent)).toEqual(rest);
  });

  it.each([[[]], [[0x80]], [[0xef, 0, 4, 9, 0x6f, 1]]])("is not read from %j", (payload) => {
    expect(readBlocks(Uint8Array.from(payload))).toBeNull();
  });
});

describe("H264", () => {
  it("shows parameter sets and the beginning of the first slice alone, without a start code more", async () => {
    const { sealer } = pair();
    expect(clearLength(ANNEX_B)).toBe(22);
    for (let n = 0; n < 50; n++) {
      const sent = await sealed(sealer, H264, ANNEX_B);
      expect(sent.subarray(0, 22)).toEqual(ANNEX_B.subarray(0, 22));
      expect(sent.subarray(20).join()).not.toMatch(/(^|,)0,0,[012](,|$)/);
    }
  });

  it("is opened with start codes of another length", async () => {
    const { sealer, line } = pair();
    const short = Uint8Array.of(0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x65, 0xb8, 0x40, ...noise(50));
    const sent = await sealed(sealer, H264, short);
    const long = Uint8Array.of(0, ...sent.subarray(0, 5), 0, ...sent.subarray(5));
    expect(canonical(long)).toEqual(canonical(sent));
    expect(await line.open(H264, long)).toEqual(
      Uint8Array.of(0, ...short.subarray(0, 5), 0, ...short.subarray(5)),
    );
  });

  it("avoids start codes behind any beginning", () => {
    for (const before of [[1], [0], [0, 0], [5, 0, 0]])
      for (const body of [
        [0, 0, 1],
        [0, 1, 2],
        [1, 0],
        [3, 0, 0, 0, 0, 0, 3],
        [0, 0, 3, 0, 0, 2],
      ]) {
        const start = Uint8Array.from(before);
        const escaped = withEmulation(Uint8Array.from(body), start);
        expect([...withoutEmulation(escaped, start)]).toEqual(body);
        expect([...before, ...escaped].join()).not.toMatch(/(^|,)0,0,[012](,|$)/);
      }
  });
});

describe("what a line says", () => {
  it("needs three frames in a row to be against somebody, and one for them", () => {
    const verdict = new Verdict();
    const said = (["key", "key", null, "key", "plain", "replayed", "key"] as const).map(
      (refusal) => {
        verdict.next(refusal);
        return verdict.state;
      },
    );
    expect(said).toEqual(["waiting", "waiting", "open", "open", "open", "open", "key"]);
    expect(verdict.next(null)).toBe(true);
    expect(verdict.next(null)).toBe(false);
    verdict.reset();
    expect(verdict.state).toBe("waiting");
    expect(["no-key", "no-key", "no-key"].map(() => verdict.next("no-key"))).not.toContain(true);
  });
});

describe("texts", () => {
  const texts = (...secrets: CryptoKey[]) => {
    const made = new Texts();
    made.enter("room");
    for (const each of secrets) made.use(each);
    return made;
  };

  it("open for who has the secret, as what their author wrote", async () => {
    const sealed = await texts(secret).seal("héllo \u{1f600}", "p-1");
    expect(sealed).not.toContain("llo");
    expect(await texts(secret).open(sealed, "p-1")).toBe("héllo \u{1f600}");
    expect(await texts(secret).open(sealed, "p-2")).toBeNull();
    expect(await texts(other).open(sealed, "p-1")).toBeNull();
    expect(await texts(secret).seal("héllo \u{1f600}", "p-1")).not.toBe(sealed);
  });

  it("of a former secret open after it was changed", async () => {
    const sealed = await texts(secret).seal("before", "p-1");
    expect(await texts(secret, other).open(sealed, "p-1")).toBe("before");
  });

  it("wait for a secret, and for that of the room one has gone on to", async () => {
    const there = texts();
    const sealing = there.seal("early", "p-1");
    there.use(secret);
    expect(await texts(secret).open(await sealing, "p-1")).toBe("early");
    there.enter("next");
    const next = there.seal("there", "p-1");
    there.use(other);
    expect(await texts(other).open(await next, "p-1")).toBe("there");
    expect(await there.open(await sealing, "p-1")).toBeNull();
  });

  it("are neither written nor read when there is no secret to be had", async () => {
    const there = texts();
    const sealing = expect(there.seal("never", "p-1")).rejects.toThrow("there is no key");
    const opening = there.open(`${SEALED_TEXT}${"A".repeat(80)}`, "p-1");
    there.fail();
    await sealing;
    expect(await opening).toBeNull();
  });

  it.each(["", "AAAA", "not base64!", "A".repeat(200)])(
    "of no sense do not open: %s",
    async (text) => {
      expect(await texts(secret).open(`${SEALED_TEXT}${text}`, "p-1")).toBeNull();
    },
  );

  it("of the longest message fit into the protocol", async () => {
    const longest = await texts(secret).seal("\u{fffd}".repeat(2_000), "p-1");
    expect([...longest].length).toBeLessThanOrEqual(CHAT_TEXT_MAX_LENGTH);
  });
});
