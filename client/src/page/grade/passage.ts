/** What two looks at a call say of each one's media. Pure. */
import type { RemotePeer } from "../../lib/index.ts";
import type { Line } from "../statistics/look.ts";
import { pace, type Stream } from "../statistics/streams.ts";
import { type Passage, WELL } from "./grader.ts";

/** With fewer packets a single one that is lost would be much. */
const FEWEST = 20;

/** Of whom there is a tile, by what it is known by there. */
export type Passages = Map<string, Passage>;

export function passages(
  before: readonly Line[],
  now: readonly Line[],
  peers: readonly Pick<RemotePeer, "id" | "connection" | "layer">[],
): Passages {
  const found: Passages = new Map([["self", WELL]]);
  for (const peer of peers) found.set(peer.id, { ...WELL, ...ofLayer(peer) });
  const former = new Map(before.map(({ key, stream }) => [key, stream]));
  for (const line of now) {
    const tile = line.peer?.id ?? "self";
    const stream = former.get(line.key);
    const sum = found.get(tile);
    // Another one is carried by another line: what that counted is somebody else's.
    if (!sum || stream?.id !== line.stream.id) continue;
    found.set(tile, {
      ...sum,
      loss: Math.max(sum.loss, lossOf(stream, line.stream)),
      standstill: Math.max(sum.standstill, standstillOf(stream, line)),
      roundTrip: Math.max(sum.roundTrip, line.stream.roundTrip ?? 0),
    });
  }
  return found;
}

function ofLayer({ connection, layer }: Pick<RemotePeer, "connection" | "layer">) {
  const { rid = null, wanted = null, paused = null } = layer ?? {};
  return {
    reduced: rid !== null && wanted !== null && rid !== wanted,
    stopped: connection === "lost" || paused === "bandwidth",
  };
}

function lossOf(before: Stream, now: Stream): number {
  const packets = now.packets - before.packets + Math.max(0, now.lost - before.lost);
  return packets < FEWEST ? 0 : (pace(before, now).loss ?? 0);
}

/** A screen on which nothing moves stands still, and well so. */
function standstillOf(before: Stream, { source, stream }: Line): number {
  const seconds = (stream.at - before.at) / 1_000;
  if (source === "screen" || stream.standstill === null || seconds <= 0) return 0;
  return Math.max(0, stream.standstill - (before.standstill ?? 0)) / seconds;
}
