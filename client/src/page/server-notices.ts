/** Tells the user what the server has less of, or is about to do: nothing to be startled by. */
import type { VideoLimit } from "../lib/index.ts";
import type { Countdown } from "./countdown.ts";
import type { Equipment } from "./equipment.ts";

/** What to tell of less video. */
const LIMITED: ReadonlyMap<VideoLimit, string> = new Map([
  ["medium", "video-reduced"],
  ["low", "video-reduced"],
  ["screens", "video-screens-only"],
  ["none", "video-off"],
]);

export function tellOfServer({ client, notices }: Pick<Equipment, "client" | "notices">): void {
  client.on("video-limited", (most) => {
    for (const code of LIMITED.values()) notices.clear(code);
    const code = LIMITED.get(most);
    if (code) notices.showCalmly(code);
  });
  let restart: Countdown | null = null;
  client.on("draining", (seconds) => {
    restart?.stop();
    restart = null;
    notices.clear("draining");
    if (seconds === null) return;
    restart = notices.countDown("draining", "notice.draining");
    restart.start(seconds);
  });
}
