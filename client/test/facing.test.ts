import { describe, expect, it } from "vitest";
import { facingOf, otherSide } from "../src/page/facing.ts";

const camera = (id: string, label: string, facing = "") => ({ id, label, facing });
const FRONT = camera("1", "camera2 1, facing front");
const BACK = camera("0", "camera2 0, facing back");

describe("facingOf", () => {
  it("believes the browser before the name", () => {
    expect(facingOf(camera("1", "Back Camera", "user"))).toBe("user");
    expect(facingOf(BACK)).toBe("environment");
    expect(facingOf(camera("1", "Caméra avant"))).toBe("user");
    expect(facingOf(camera("1", "Integrated Webcam"))).toBeNull();
  });
});

describe("otherSide", () => {
  it("is the first camera that looks the other way", () => {
    const wide = camera("2", "camera2 2, facing back");
    expect(otherSide([FRONT, BACK, wide], FRONT)).toBe(BACK);
    expect(otherSide([FRONT, BACK, wide], wide)).toBe(FRONT);
  });

  it("is none on a desk with two webcams", () => {
    const desk = [camera("1", "Integrated Webcam"), camera("2", "Desk Webcam")];
    expect(otherSide(desk, camera("1", "Integrated Webcam"))).toBeNull();
  });
});
