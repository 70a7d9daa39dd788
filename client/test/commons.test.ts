import { describe, expect, it } from "vitest";
import { continues } from "../src/page/chat-panel.ts";
import { setLanguage } from "../src/page/language.ts";
import { arrange } from "../src/page/layout.ts";
import { pieces } from "../src/page/links.ts";
import { parseRemembered } from "../src/page/remembered.ts";
import { actionName, actionOf, SHORTCUTS } from "../src/page/shortcuts.ts";
import { spotlight } from "../src/page/spotlight.ts";
import { isOwnScript } from "../src/page/trusted-types.ts";
import { together } from "../src/page/words.ts";

describe("what becomes a link", () => {
  const links = (text: string) => pieces(text).flatMap(({ href }) => href ?? []);
  const whole = (text: string) =>
    pieces(text)
      .map((piece) => piece.text)
      .join("");

  it.each([
    ["see https://example.org/a?b=1#c.", ["https://example.org/a?b=1#c"]],
    ["(https://example.org/wiki/SFU_(video))", ["https://example.org/wiki/SFU_(video)"]],
    [
      "www.example.org, and http://b.example:8080/!",
      ["https://www.example.org/", "http://b.example:8080/"],
    ],
    ["«https://example.org»", ["https://example.org/"]],
    ["https://bücher.example/ü", ["https://xn--bcher-kva.example/%C3%BC"]],
  ])("%s", (text, expected) => {
    expect(links(text)).toEqual(expected);
    expect(whole(text)).toBe(text);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,<b>",
    "ftp://example.org",
    "https://",
    "https://intranet",
    "https://bank.example@evil.example/",
    "example.org",
    "<a href=x>https:</a>",
  ])("is not %s", (text) => {
    expect(links(text)).toEqual([]);
    expect(whole(text)).toBe(text);
  });
});

describe("what stands below a name", () => {
  it("is by the same peer, within two minutes", () => {
    const first = { peer: "a", time: 100 };
    expect(continues({ peer: "a", time: 219 }, first)).toBe(true);
    expect(continues({ peer: "a", time: 221 }, first)).toBe(false);
    expect(continues({ peer: "b", time: 101 }, first)).toBe(false);
    expect(continues(first, undefined)).toBe(false);
  });
});

describe("the spotlight", () => {
  const tile = (id: string, showsScreen = false) => ({ id, showsScreen });
  const tiles = [tile("a"), tile("b"), tile("self")];
  const none = new Set<string>();

  it("is on pinned tiles and screens in the grid", () => {
    expect(spotlight(tiles, "grid", none, ["b"])).toEqual([false, false, false]);
    expect(spotlight([tile("a", true), tile("b"), tile("c")], "grid", new Set(["c"]), [])).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("is on who speaks in the speaker view, and on nobody's own", () => {
    expect(spotlight(tiles, "speaker", none, ["self", "gone", "b"])).toEqual([false, true, false]);
    expect(spotlight(tiles, "speaker", none, [])).toEqual([true, false, false]);
    expect(spotlight([tile("self")], "speaker", none, ["self"])).toEqual([false]);
  });

  it("is on several that are pinned before all", () => {
    const sharing = [tile("a", true), tile("b"), tile("c"), tile("self")];
    expect(spotlight(sharing, "speaker", none, ["b"])).toEqual([true, false, false, false]);
    expect(spotlight(sharing, "speaker", new Set(["b", "self"]), [])).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it("gives a screen all of its part, and a camera its shape", () => {
    const area = { width: 1200, height: 900 };
    const [screen] = arrange(area, [true, false], [true, false]);
    const [camera] = arrange(area, [true, false], [false, false]);
    expect(screen).toMatchObject({ left: 0, top: 0, height: 900 });
    expect(camera?.height).toBeLessThan(900);
    expect(camera?.width).toBe(screen?.width);
  });
});

describe("shortcuts", () => {
  const key = (key: string, more = {}) => ({
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    repeat: false,
    ...more,
  });

  it("are letters alone, in either case", () => {
    expect(actionOf(key("m"))).toBe("microphone");
    expect(actionOf(key("M"))).toBe("microphone");
    expect(actionOf(key("?"))).toBe("settings");
    expect(actionOf(key("c", { ctrlKey: true }))).toBeNull();
    expect(actionOf(key("c", { repeat: true }))).toBeNull();
    expect(actionOf(key("constructor"))).toBeNull();
  });

  it("each have an action of their own, and none leaves", () => {
    const actions = Object.values(SHORTCUTS);
    expect(new Set(actions).size).toBe(actions.length);
    expect(actions.map(actionName)).not.toContain("shortcut.leave");
  });

  it("and the sound of arrivals are on until they are switched off, and that is remembered", () => {
    expect(parseRemembered(null)).toMatchObject({ chime: true, shortcuts: true, language: "" });
    const saved = JSON.stringify({ chime: false, shortcuts: false, language: "fr" });
    expect(parseRemembered(saved)).toMatchObject({
      chime: false,
      shortcuts: false,
      language: "fr",
    });
  });
});

describe("much at once", () => {
  it("is said in one sentence", () => {
    setLanguage("en");
    expect(together(["Ada joined"])).toBe("Ada joined");
    expect(together(["Ada joined", "Bob joined", "Eve joined"])).toBe("Ada joined, and 2 more");
  });
});

describe("a script by its address", () => {
  it("is the page's own, or refused", () => {
    const origin = "https://meet.example";
    expect(isOwnScript("/assets/worker-1.js", origin)).toBe(true);
    expect(isOwnScript("https://meet.example/a.js", origin)).toBe(true);
    expect(isOwnScript("https://evil.example/a.js", origin)).toBe(false);
    expect(isOwnScript("data:text/javascript,1", origin)).toBe(false);
  });
});
