/** What of a frame stays readable, codec by codec, and where its sealed piece is. */
import { canonical, clearLength, withEmulation, withoutEmulation } from "./annex-b.ts";
import { unwrap, wrap } from "./container.ts";
import { joined, LAYOUT_AV1, LAYOUT_H264, readTrailer, type Trailer } from "./piece.ts";
import { type Block, readBlocks, writeBlocks } from "./redundancy.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Seals `body` with the next number of the key; null: there is no key. */
export type Seal = (body: Uint8Array, clear: Uint8Array, layout: number) => Promise<Bytes | null>;

/**
 * Why a frame was not opened: it is not sealed; no key that is here opens it; it has been
 * opened before, or is of a key that was ratcheted away; the key is not here yet.
 */
export type Refusal = "plain" | "key" | "replayed" | "no-key";
export type Open = (
  trailer: Trailer,
  piece: Uint8Array,
  clear: Uint8Array,
) => Promise<Bytes | Refusal>;

const NOTHING = new Uint8Array();

/** The SFU's keyframe flag is in the first byte, the size in the others (RFC 7741 4.3). */
const VP8_KEYFRAME = 10;
const VP8_DELTA = 3;

/** VP8 (RFC 6386 9.1): the first bit is not set in keyframes. */
function vp8Clear(frame: Uint8Array): number {
  const wanted = ((frame[0] ?? 1) & 1) === 0 ? VP8_KEYFRAME : VP8_DELTA;
  return Math.min(wanted, frame.length);
}

/**
 * @param codec a MIME type (RTCEncodedFrameMetadata.mimeType), in lower case.
 * @returns null: nothing may be sent.
 */
export async function sealFrame(
  codec: string,
  frame: Uint8Array,
  seal: Seal,
): Promise<Uint8Array | null> {
  // There is nothing to be read in it.
  if (frame.length === 0) return frame;
  if (codec === "audio/red") return sealBlocks(frame, seal);
  if (codec === "video/av1") {
    const piece = await seal(frame, NOTHING, LAYOUT_AV1);
    return piece && wrap(piece);
  }
  if (codec === "video/h264") {
    const clear = frame.subarray(0, clearLength(frame));
    const piece = await seal(frame.subarray(clear.length), canonical(clear), LAYOUT_H264);
    return piece && joined(clear, withEmulation(piece, clear));
  }
  const clear = frame.subarray(0, codec === "video/vp8" ? vp8Clear(frame) : 0);
  const piece = await seal(frame.subarray(clear.length), clear, clear.length);
  return piece && joined(clear, piece);
}

export async function openFrame(
  codec: string,
  frame: Uint8Array,
  open: Open,
): Promise<Uint8Array | Refusal> {
  if (frame.length === 0) return frame;
  if (codec === "audio/red") return openBlocks(frame, open);
  const trailer = readTrailer(frame);
  if (!trailer) return "plain";
  const { layout } = trailer;
  if (layout === LAYOUT_AV1) {
    const piece = unwrap(frame);
    return piece ? open(trailer, piece, NOTHING) : "key";
  }
  const h264 = layout === LAYOUT_H264;
  const clear = frame.subarray(0, h264 ? clearLength(frame) : layout);
  let piece = frame.subarray(clear.length);
  if (h264) piece = withoutEmulation(piece, clear);
  // The trailer itself may have been escaped.
  const read = h264 ? readTrailer(piece) : trailer;
  if (!read) return "key";
  const body = await open(read, piece, h264 ? canonical(clear) : clear);
  return typeof body === "string" ? body : joined(clear, body);
}

/** Each block by itself: the SFU hands the newest alone to those who take no redundancy. */
async function sealBlocks(frame: Uint8Array, seal: Seal): Promise<Uint8Array | null> {
  const sealed: Block[] = [];
  for (const block of readBlocks(frame) ?? []) {
    const empty = block.data.length === 0;
    const data = empty ? block.data : await seal(block.data, NOTHING, 0);
    if (!data) return null;
    sealed.push({ ...block, data });
  }
  return sealed.length > 0 ? writeBlocks(sealed) : null;
}

async function openBlocks(frame: Uint8Array, open: Open): Promise<Uint8Array | Refusal> {
  const opened: Block[] = [];
  for (const block of readBlocks(frame) ?? []) {
    const trailer = readTrailer(block.data);
    const data = trailer ? await open(trailer, block.data, NOTHING) : "plain";
    if (typeof data !== "string") opened.push({ ...block, data });
    // Of the redundant ones any may be missing.
    else if (block.age === null && block.data.length > 0) return data;
    else if (block.data.length === 0) opened.push(block);
  }
  return opened.length > 0 ? writeBlocks(opened) : "plain";
}
