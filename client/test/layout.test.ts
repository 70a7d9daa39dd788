import { describe, expect, it } from "vitest";
import { type Area, arrange, GAP, grid, type Rect } from "../src/page/layout.ts";

const AREAS: Area[] = [
  { width: 1280, height: 640 },
  { width: 340, height: 600 },
  { width: 1920, height: 1000 },
  { width: 800, height: 300 },
];

const overlap = (a: Rect, b: Rect) =>
  a.left < b.left + b.width - 0.01 &&
  b.left < a.left + a.width - 0.01 &&
  a.top < b.top + b.height - 0.01 &&
  b.top < a.top + a.height - 0.01;

function expectSound(rects: readonly Rect[], area: Area): void {
  for (const [index, rect] of rects.entries()) {
    expect(rect.width).toBeGreaterThan(0);
    expect(rect.height).toBeGreaterThan(0);
    expect(rect.left).toBeGreaterThanOrEqual(-0.01);
    expect(rect.top).toBeGreaterThanOrEqual(-0.01);
    expect(rect.left + rect.width).toBeLessThanOrEqual(area.width + 0.01);
    expect(rect.top + rect.height).toBeLessThanOrEqual(area.height + 0.01);
    expect(rects.slice(index + 1).some((other) => overlap(rect, other))).toBe(false);
  }
}

describe("grid", () => {
  it.each(AREAS)("keeps any number of tiles inside $width×$height, apart", (area) => {
    for (let count = 1; count <= 50; count++) expectSound(grid(area, count), area);
  });

  it("gives one tile all the height there is", () => {
    const [rect] = grid({ width: 1280, height: 640 }, 1);
    expect(rect?.height).toBe(640);
  });

  it("fills the window: never less than a third of it is picture", () => {
    for (const area of AREAS)
      for (let count = 1; count <= 50; count++) {
        const used = grid(area, count).reduce((sum, { width, height }) => sum + width * height, 0);
        expect(used / (area.width * area.height)).toBeGreaterThan(1 / 3);
      }
  });

  it("centres a last row that is not full", () => {
    const rects = grid({ width: 1280, height: 720 }, 3);
    const last = rects[2];
    expect((last?.left ?? 0) + (last?.width ?? 0) / 2).toBeCloseTo(640);
  });
});

describe("arrange", () => {
  it.each(AREAS)("gives a screen most of $width×$height and the others a strip", (area) => {
    for (let others = 1; others <= 49; others++) {
      const screens = [false, true, ...Array.from({ length: others - 1 }, () => false)];
      const rects = arrange(area, screens);
      expectSound(rects, area);
      const screen = rects[1] as Rect;
      expect(screen.width * screen.height).toBeGreaterThan(0.5 * area.width * area.height);
    }
  });

  it("is the grid without a screen, and when there is nothing but screens", () => {
    const area = { width: 1280, height: 640 };
    expect(arrange(area, [false, false])).toEqual(grid(area, 2));
    expect(arrange(area, [true, true])).toEqual(grid(area, 2));
  });

  it("leaves a gap beside the strip", () => {
    const [screen, other] = arrange({ width: 1280, height: 640 }, [true, false]);
    expect((other?.left ?? 0) - (screen?.width ?? 0)).toBeGreaterThanOrEqual(GAP);
  });
});
