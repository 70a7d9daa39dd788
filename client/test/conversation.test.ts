import { beforeEach, describe, expect, it } from "vitest";
import { type ChatMessage, Conversation, type TextCipher } from "../src/lib/index.ts";
import { SEALED_TEXT } from "../src/lib/sealed-text.ts";
import type { ClientMessage } from "../src/protocol.ts";

let sent: ClientMessage[];
let there: Conversation;

beforeEach(() => {
  sent = [];
  there = new Conversation((message) => sent.push(message));
  began("me");
});

const answerPing = () => {
  const ping = sent.findLast((message) => message.type === "ping");
  there.received({ type: "pong", id: ping?.id ?? 0 });
};

/** A session begins or goes on, and the server's snapshot has come. */
function began(self: string, history: readonly ChatMessage[] | null = null): void {
  there.began(self);
  if (history) there.received({ type: "chat-history", messages: [...history], dropped: 0 });
  answerPing();
}

const said = (number: number, peer: string, text: string): ChatMessage => ({
  number,
  peer,
  name: peer,
  time: 1_800_000_000,
  text,
});
const hear = (number: number, peer: string, text: string) =>
  there.received({ type: "chat", message: said(number, peer, text) });
const texts = () => there.messages.map(({ text }) => text);
const written = () => sent.flatMap((message) => (message.type === "send-chat" ? message.text : []));

describe("chat", () => {
  it("is shown when the server has it, in the server's order", () => {
    const told: (string | null)[] = [];
    there.on("chat", ({ said }) => told.push(said?.text ?? null));
    expect(there.write("  hello ")).toBe(true);
    expect([texts(), there.unconfirmed]).toEqual([[], ["hello"]]);
    hear(1, "bob", "first");
    hear(2, "me", "hello");
    expect([texts(), there.unconfirmed]).toEqual([["first", "hello"], []]);
    expect(told).toEqual([null, "first", "hello"]);
    expect(there.messages.map((message) => there.isOwn(message))).toEqual([false, true]);
  });

  it("takes neither blanks nor more than can wait", () => {
    expect(there.write(" \n")).toBe(false);
    for (let n = 0; n < 16; n++) expect(there.write(`${n}`)).toBe(true);
    expect(there.write("more")).toBe(false);
    expect(written()).toHaveLength(16);
  });

  it("takes back what was refused", () => {
    there.write("one");
    there.write("two");
    hear(1, "me", "one");
    there.refused("chat-too-fast");
    expect(there.unconfirmed).toEqual([]);
    there.write("three");
    there.refused("unknown-peer");
    expect(there.unconfirmed).toEqual(["three"]);
  });

  it("has what was written before one came, and how much of it is gone", () => {
    there.received({ type: "chat-history", messages: [said(8, "bob", "old")], dropped: 7 });
    hear(9, "bob", "new");
    expect([texts(), there.dropped]).toEqual([["old", "new"], 7]);
  });

  it("loses nothing to a lost session and says nothing twice", () => {
    hear(1, "bob", "before");
    there.write("came through");
    there.write("was lost");
    sent.length = 0;
    // Another peer id: the client has joined anew.
    began("me-again", [said(1, "bob", "before"), said(2, "me", "came through")]);
    expect(written()).toEqual(["was lost"]);
    hear(3, "me-again", "was lost");
    expect(there.unconfirmed).toEqual([]);
    expect(texts()).toEqual(["before", "came through", "was lost"]);
  });

  it("is forgotten with the call", () => {
    hear(1, "bob", "before");
    there.write("more");
    there.ended();
    expect([texts(), there.unconfirmed, there.locked]).toEqual([[], [], false]);
  });
});

describe("hands", () => {
  const hands = (...peers: string[]) => there.received({ type: "hands", peers });

  it("are the server's to say, one's own as well", () => {
    there.raiseHand(true);
    expect(there.handRaised).toBe(false);
    hands("bob", "me");
    expect([there.hands, there.handRaised]).toEqual([["bob", "me"], true]);
  });

  it("are told once when a session goes on", () => {
    hands("bob");
    const told: (readonly string[])[] = [];
    there.on("hands", (now) => told.push(now));
    there.began("me");
    hands("bob", "eve");
    answerPing();
    expect(told).toEqual([["bob", "eve"]]);
  });

  it("stay raised when the client joins anew, and not when it resumes or was lowered", () => {
    const raised = () => sent.filter(({ type }) => type === "raise-hand").length;
    there.raiseHand(true);
    hands("me");
    began("me");
    expect(raised()).toBe(1);
    hands("me");
    began("me-again");
    expect(raised()).toBe(2);
    hands("me-again");
    hands();
    began("me-a-third-time");
    expect(raised()).toBe(2);
  });
});

describe("the lock", () => {
  it("says who locked the room, unless it was so before one came", () => {
    const told: unknown[] = [];
    there.on("locked", ({ locked, name }) => told.push([locked, name]));
    there.received({ type: "room-locked", locked: true, by: "mo", name: "Mo" });
    there.began("me-again");
    there.received({ type: "room-locked", locked: true, by: "mo", name: "Mo" });
    answerPing();
    expect(there.locked).toBe(true);
    there.received({ type: "room-locked", locked: false, by: "mo", name: "Mo" });
    expect(told).toEqual([
      [true, "Mo"],
      [false, ""],
      [true, ""],
      [false, "Mo"],
    ]);
  });
});

describe("a moderator", () => {
  it("lowers hands and locks the room by messages", () => {
    there.lowerHand("bob");
    there.lock(true);
    there.react("clap");
    expect(sent.slice(1)).toEqual([
      { type: "lower-hand", peer: "bob" },
      { type: "lock-room", locked: true },
      { type: "react", reaction: "clap" },
    ]);
  });
});

describe("an encrypted chat", () => {
  /** What is sealed for a room, by an author, opens there and for that author alone. */
  const cipher = (room: string): TextCipher => ({
    seal: async (text, author) => `${SEALED_TEXT}${room} ${author} ${text}`,
    open: async (sealed, author) => {
      const before = `${SEALED_TEXT}${room} ${author} `;
      return sealed.startsWith(before) ? sealed.slice(before.length) : null;
    },
  });
  const settled = async () => {
    for (let n = 0; n < 20; n++) await Promise.resolve();
  };
  const shown = () => there.messages.map(({ text, secrecy }) => `${secrecy} ${text}`.trim());

  beforeEach(() => there.encryptBy(cipher("ours")));

  it("goes out sealed, in its order, and is shown opened", async () => {
    there.write("one");
    there.write("two");
    await settled();
    expect(written()).toEqual([`${SEALED_TEXT}ours me one`, `${SEALED_TEXT}ours me two`]);
    hear(1, "me", `${SEALED_TEXT}ours me one`);
    hear(2, "bob", `${SEALED_TEXT}ours bob hello`);
    await settled();
    expect([shown(), there.unconfirmed]).toEqual([["sealed one", "sealed hello"], ["two"]]);
  });

  it("says what could not be opened, and what was not sealed", async () => {
    hear(1, "bob", `${SEALED_TEXT}theirs bob secret`);
    hear(2, "bob", `${SEALED_TEXT}ours eve put into bob's mouth`);
    hear(3, "eve", "in the clear");
    await settled();
    expect(shown()).toEqual(["unreadable", "unreadable", "plain in the clear"]);
  });

  it("is unreadable without a key", () => {
    there.encryptBy(null);
    hear(1, "bob", `${SEALED_TEXT}ours bob secret`);
    expect(shown()).toEqual(["unreadable"]);
  });

  it("is sealed anew for the session that it goes out with", async () => {
    there.write("lost");
    await settled();
    sent = [];
    began("again", [said(1, "bob", `${SEALED_TEXT}ours bob hello`)]);
    await settled();
    expect(written()).toEqual([`${SEALED_TEXT}ours again lost`]);
    began("again", [said(2, "again", `${SEALED_TEXT}ours again lost`)]);
    await settled();
    expect(there.unconfirmed).toEqual([]);
  });

  it("takes nothing in that is opened after the end", async () => {
    hear(1, "bob", `${SEALED_TEXT}ours bob late`);
    there.ended();
    await settled();
    expect(there.messages).toEqual([]);
  });
});
