/** Where the tiles of a call go. Pure: sizes in CSS pixels in, rectangles out. */

export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Area {
  width: number;
  height: number;
}

/** Between tiles, px. */
export const GAP = 10;
/** Tiles take the shape of their cell between these; video is cropped to it. */
const WIDEST = 16 / 9;
const TALLEST = { landscape: 6 / 5, portrait: 3 / 4 };
/** The part of the long side that the others keep beside a screen, and its bounds, px. */
const STRIP_PART = 0.22;
const STRIP_LEAST = 120;
const STRIP_MOST = 320;

interface Cell {
  columns: number;
  width: number;
  height: number;
}

function cellFor(area: Area, columns: number, rows: number): Cell {
  const width = (area.width - GAP * (columns - 1)) / columns;
  const height = (area.height - GAP * (rows - 1)) / rows;
  const tallest = TALLEST[area.width >= area.height ? "landscape" : "portrait"];
  return {
    columns,
    width: Math.max(0, Math.min(width, height * WIDEST)),
    height: Math.max(0, Math.min(height, width / tallest)),
  };
}

/** `count` equal tiles, as large as they can be, rows centred. */
export function grid(area: Area, count: number): Rect[] {
  let best = cellFor(area, 1, Math.max(1, count));
  for (let columns = 2; columns <= count; columns++) {
    const cell = cellFor(area, columns, Math.ceil(count / columns));
    if (cell.width * cell.height > best.width * best.height) best = cell;
  }
  const { columns, width, height } = best;
  const rows = Math.ceil(count / columns);
  const top = (area.height - rows * height - (rows - 1) * GAP) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (area.width - inRow * width - (inRow - 1) * GAP) / 2;
    return {
      left: left + (index % columns) * (width + GAP),
      top: top + row * (height + GAP),
      width,
      height,
    };
  });
}

/**
 * Rectangles for tiles in their order. Some get the large part of the area, the others a strip
 * along its shorter side; when none or all are large, all are equal.
 *
 * @param spotlit for each tile, whether it is large.
 * @param screens for each tile, whether it shows a screen.
 */
export function arrange(
  area: Area,
  spotlit: readonly boolean[],
  screens: readonly boolean[] = spotlit,
): Rect[] {
  const large = spotlit.filter(Boolean).length;
  const small = spotlit.length - large;
  if (large === 0 || small === 0) return grid(area, spotlit.length);

  const beside = area.width >= area.height;
  const long = beside ? area.width : area.height;
  const strip = Math.min(STRIP_MOST, Math.max(STRIP_LEAST, long * STRIP_PART));
  const main = beside
    ? { width: area.width - strip - GAP, height: area.height }
    : { width: area.width, height: area.height - strip - GAP };
  const rest = beside
    ? { width: strip, height: area.height }
    : { width: area.width, height: strip };

  // A screen is seen whole, whatever its shape: it gets all of its part, uncropped.
  const whole = large === 1 && screens[spotlit.indexOf(true)];
  const mains = whole ? [{ left: 0, top: 0, ...main }] : grid(main, large);
  const others = grid(rest, small).map((rect) => ({
    ...rect,
    left: rect.left + (beside ? main.width + GAP : 0),
    top: rect.top + (beside ? 0 : main.height + GAP),
  }));
  return spotlit.map((each) => (each ? mains : others).shift() as Rect);
}
