/** Which tiles are large. Pure. */

export type ViewMode = "grid" | "speaker";

export interface Candidate {
  /** The peer's id, or "self". */
  id: string;
  showsScreen: boolean;
}

/**
 * For each tile, whether it is large.
 *
 * Pinned tiles and screens are. In the speaker view somebody always is: who is pinned, else the
 * screens, else who speaks or did last, else the first.
 *
 * @param speakers the dominant speaker first, then who spoke last.
 */
export function spotlight(
  tiles: readonly Candidate[],
  mode: ViewMode,
  pins: ReadonlySet<string>,
  speakers: readonly string[],
): boolean[] {
  const pinned = tiles.map(({ id }) => pins.has(id));
  const screens = tiles.map(({ showsScreen }) => showsScreen);
  if (mode === "grid") return tiles.map((_, n) => pinned[n] || screens[n] || false);
  if (pinned.includes(true)) return pinned;
  if (screens.includes(true)) return screens;
  const others = tiles.filter(({ id }) => id !== "self");
  const speaker = speakers.find((id) => others.some((each) => each.id === id)) ?? others[0]?.id;
  return tiles.map(({ id }) => id === speaker);
}
