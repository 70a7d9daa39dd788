/** Whose connection is how good; what finds that out is loaded with the first call. */
import type { RoomClient } from "../lib/index.ts";
import type { Grades } from "./grade/watch.ts";

/** @returns what ends it. */
export function watchGrades(client: RoomClient, tell: (grades: Grades) => void): () => void {
  let ended = false;
  let stop = () => {
    ended = true;
  };
  // Without it there are no marks; the call goes on.
  import("./grade/watch.ts").then(
    ({ watch }) => {
      if (!ended) stop = watch(client, tell);
    },
    () => undefined,
  );
  return () => stop();
}
