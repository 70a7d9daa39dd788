/** Looks at a call: whose streams there are, and how they are sent. */
import type { RemotePeer, RoomClient, Source } from "../../lib/index.ts";
import { SOURCES } from "../../lib/sending.ts";
import { type Path, selectedPath } from "./path.ts";
import { type Stream, streams } from "./streams.ts";

/** A stream with whose it is. */
export interface Line {
  /** The same at every look. */
  key: string;
  /** Null: this user. */
  peer: RemotePeer | null;
  source: Source;
  stream: Stream;
  /** The encoding, e.g. "h T1"; what is wanted after it. */
  layer: string;
}

export interface Look {
  path: Path | null;
  /** Bits/s that the network to this client carries, as the server measures it. */
  estimate: number | null;
  lines: Line[];
}

type Lined = Pick<RoomClient, "pc" | "peers" | "published">;

/** Null while there is no connection. */
export async function look(client: Lined & Pick<RoomClient, "estimate">): Promise<Look | null> {
  const report = await client.pc?.getStats();
  if (!report) return null;
  return { path: selectedPath(report), estimate: client.estimate, lines: linesOf(client, report) };
}

/** Whose the streams of a report are. */
export function linesOf(client: Lined, report: RTCStatsReport): Line[] {
  const owners = new Map<string, Owner>();
  for (const peer of client.peers) for (const owner of owned(peer)) owners.set(owner.track, owner);
  const lines: Line[] = [];
  for (const stream of streams(report)) {
    const line =
      stream.direction === "sent" ? own(client, stream) : of(owners.get(stream.track), stream);
    if (line) lines.push(line);
  }
  return lines;
}

interface Owner {
  track: string;
  peer: RemotePeer;
  source: Source;
}

/** The tracks in which somebody is seen and heard now. */
function owned(peer: RemotePeer): Owner[] {
  const { video, videoSource, audio, screenAudio, camera } = peer;
  const found: Owner[] = [];
  const add = (track: MediaStreamTrack | undefined, source: Source) => {
    if (track) found.push({ track: track.id, peer, source });
  };
  add(audio?.getAudioTracks()[0], "microphone");
  if (videoSource) add(video?.getVideoTracks()[0], videoSource);
  add(camera?.getVideoTracks()[0], "camera");
  add(screenAudio?.getAudioTracks()[0], "screen-audio");
  return found;
}

function of(owner: Owner | undefined, stream: Stream): Line | null {
  if (!owner) return null;
  const { peer, source } = owner;
  const beside = source === "camera" && peer.videoSource === "screen";
  const sent = beside ? peer.cameraLayer : peer.layer;
  const layer = stream.kind === "video" ? layerName({ layer: sent }) : "";
  return { key: `${peer.id} ${source}`, peer, source, stream, layer };
}

function own(client: Lined, stream: Stream): Line | null {
  const line = client.pc?.getTransceivers().find(({ mid }) => mid === stream.mid);
  const track = line?.sender.track;
  const source = SOURCES.find((each) => track && client.published(each)?.track === track);
  if (!source) return null;
  return { key: `self ${source} ${stream.rid}`, peer: null, source, stream, layer: stream.rid };
}

export function layerName({ layer }: Pick<RemotePeer, "layer">): string {
  if (!layer) return "";
  if (layer.rid === null) return layer.paused ?? "";
  const spatial = layer.spatial === null ? "" : ` S${layer.spatial}`;
  const temporal = layer.temporal === null ? "" : ` T${layer.temporal}`;
  const wanted = layer.wanted && layer.wanted !== layer.rid ? ` → ${layer.wanted}` : "";
  return `${layer.rid || "1"}${spatial}${temporal}${wanted}`;
}
