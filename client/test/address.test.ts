import { describe, expect, it } from "vitest";
import { cleanName, cleanRoom, isRoomName, proposeRoom, readAddress } from "../src/page/address.ts";

const address = (pathname: string, search = "", hash = "") =>
  readAddress({ pathname, search, hash });

const token = (payload: object) => {
  const bytes = new TextEncoder().encode(JSON.stringify(payload));
  const part = btoa(String.fromCharCode(...bytes));
  return `e30.${part.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "")}.sig-na_ture`;
};

describe("readAddress", () => {
  it("reads room, name and the wish to join", () =>
    expect(address("/demo", "?name=Ada+L&join")).toEqual({
      room: "demo",
      name: "Ada L",
      join: true,
      token: null,
      key: null,
    }));

  it("asks for nothing at /", () =>
    expect(address("/")).toEqual({ room: "", name: "", join: false, token: null, key: null }));

  it("takes a token from the fragment alone, where no server sees it", () => {
    const given = token({ sub: "ada" });
    expect(address("/demo", "?join", `#token=${given}`).token).toBe(given);
    expect(address("/demo", `?token=${given}`).token).toBeNull();
    expect(address("/demo", "", "#token=").token).toBeNull();
    expect(address("/demo", "", "#somewhere").token).toBeNull();
  });

  it("proposes the name that the token has", () => {
    expect(address("/demo", "", `#token=${token({ name: "Zoë 😀" })}`).name).toBe("Zoë 😀");
    expect(address("/demo", "?name=Ada", `#token=${token({ name: "Zoë" })}`).name).toBe("Ada");
    for (const nonsense of ["x", "a.b.c", "..", token({ name: 3 }), token([])])
      expect(address("/demo", "", `#token=${nonsense}`).name).toBe("");
  });

  it("takes no room that cannot be one", () => {
    expect(address("/a/b").room).toBe("");
    expect(address("/%E0%A4%A").room).toBe("");
    expect(address("/-x").room).toBe("");
    expect(address(`/${"x".repeat(65)}`).room).toBe("");
  });

  it("forgives a slash at the end", () => expect(address("/demo/").room).toBe("demo"));
});

describe("names", () => {
  it("are trimmed and cut by letters, not by halves of them", () => {
    expect(cleanName("  Ada \n Lovelace ")).toBe("Ada Lovelace");
    expect([...cleanName("😀".repeat(80))]).toHaveLength(64);
  });

  it("of rooms lose blanks and accents", () => {
    expect(cleanRoom(" Café du matin ")).toBe("Cafe-du-matin");
    expect(isRoomName(cleanRoom("Réunion 3"))).toBe(true);
    expect(isRoomName("")).toBe(false);
  });

  it("of proposed rooms are rooms and differ", () => {
    const random = (bytes: Uint8Array) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
    const rooms = Array.from({ length: 50 }, () => proposeRoom(random));
    expect(rooms.every(isRoomName)).toBe(true);
    expect(new Set(rooms).size).toBe(50);
  });
});
