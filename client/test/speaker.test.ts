import { describe, expect, it } from "vitest";
import { sinkFor } from "../src/page/speaker.ts";

const found = (id: string, label: string, group = id) => ({ id, label, group });

describe("sinkFor", () => {
  const desk = found("d", "Desk");
  const headset = found("h", "Headset");
  const all = [found("default", "Default - Desk", "d"), desk, headset];
  const chosen = { device: "h", label: "Headset" };

  it("is the system's choice while nobody has chosen another", () =>
    expect(sinkFor(all, { device: "", label: "" })).toEqual({ sink: "", say: null }));

  it("is what was chosen, by its name where it has another id", () => {
    expect(sinkFor(all, chosen)).toEqual({ sink: "h", say: null });
    expect(sinkFor([desk, found("h2", "Headset")], chosen)).toEqual({ sink: "h2", say: null });
  });

  it("is the system's choice while that is gone, and says so", () =>
    expect(sinkFor(all.slice(0, 2), chosen)).toEqual({
      sink: "",
      say: { code: "speaker-replaced", parameters: { name: "Headset", used: "Desk" } },
    }));

  it("is not given up where it is not told who is there", () => {
    expect(sinkFor([found("", "")], chosen)).toEqual({ sink: "h", say: null });
    expect(sinkFor([], chosen)).toEqual({ sink: "", say: null });
  });
});
