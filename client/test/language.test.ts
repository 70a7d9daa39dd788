import { afterEach, describe, expect, it } from "vitest";
import {
  errorMessage,
  format,
  LANGUAGES,
  pickLanguage,
  setLanguage,
  t,
} from "../src/page/language.ts";
import { en } from "../src/page/messages/en.ts";

const placeholders = (message: string) => (message.match(/\{\w+\}/g) ?? []).sort();

describe.each(Object.entries(LANGUAGES))("the messages in %s", (_, messages) => {
  it("have the same keys as the English ones", () =>
    expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort()));

  it("are not empty and keep the placeholders", () => {
    for (const [key, message] of Object.entries(messages)) {
      expect(message.trim(), key).not.toBe("");
      expect(placeholders(message), key).toEqual(placeholders(en[key as keyof typeof en]));
    }
  });
});

describe("pickLanguage", () => {
  it("takes the first of the browser's languages that is there", () => {
    expect(pickLanguage(["fr-CA", "en"])).toBe("fr");
    expect(pickLanguage(["de", "fr"])).toBe("fr");
    expect(pickLanguage(["EN-gb", "fr"])).toBe("en");
  });

  it("falls back to English", () => {
    expect(pickLanguage(["de"])).toBe("en");
    expect(pickLanguage([])).toBe("en");
    expect(pickLanguage(["constructor"])).toBe("en");
  });
});

describe("messages", () => {
  afterEach(() => setLanguage("en"));

  it("say what the button of the seed says", () => {
    expect(t("call.share")).toBe("Share my screen");
    setLanguage("fr");
    expect(t("call.share")).toBe("Partager mon écran");
  });

  it("fill in parameters and leave unknown ones visible", () => {
    expect(t("call.joined", { name: "Ada" })).toBe("Ada joined");
    expect(format("{a} {b}", { a: "1" })).toBe("1 {b}");
  });

  it("have something to say about every code", () => {
    expect(errorMessage("room-full")).toBe(en["error.room-full"]);
    expect(errorMessage("dtls-timeout")).toBe(en["error.media-failed"]);
    expect(errorMessage("peer-failed", "f-1")).toBe(
      "Something went wrong on the server. Coming back… (code peer-failed, reference f-1)",
    );
    expect(errorMessage("never-heard-of")).toContain("never-heard-of");
  });
});
