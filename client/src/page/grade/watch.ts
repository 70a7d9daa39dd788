/** Grades everybody's connection, from the looks that the client takes for itself. */
import type { RoomClient } from "../../lib/index.ts";
import { type Line, linesOf } from "../statistics/look.ts";
import { type Grade, Grader } from "./grader.ts";
import { passages } from "./passage.ts";

export type Grades = ReadonlyMap<string, Grade>;

/**
 * @param tell called with the grades that are not good, by peer id or "self".
 * @returns what ends it.
 */
export function watch(client: RoomClient, tell: (grades: Grades) => void): () => void {
  const graders = new Map<string, Grader>();
  let before: readonly Line[] = [];
  const stops = [
    client.on("statistics", (report) => {
      const now = linesOf(client, report);
      const seen = passages(before, now, client.peers);
      before = now;
      for (const tile of graders.keys()) if (!seen.has(tile)) graders.delete(tile);
      const grades = new Map<string, Grade>();
      for (const [tile, passage] of seen) {
        const grader = graders.get(tile) ?? new Grader();
        graders.set(tile, grader);
        const grade = grader.next(passage);
        if (grade !== "good") grades.set(tile, grade);
      }
      tell(grades);
    }),
    // That there is no connection at all is said elsewhere, and the next may be another one.
    client.on("state", () => {
      graders.clear();
      before = [];
      tell(new Map());
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
