/**
 * A sealed piece: ciphertext, tag, trailer. A video frame has one, a packet of redundant audio
 * one for each of its blocks. docs/encryption.md has the format.
 */
import type { FrameKey, SenderId } from "./keys.ts";

export const TAG = 16;
export const TRAILER = 16;
/** The last byte. Nothing that browsers send ends with it always. */
const VERSION = 0xe1;
/** The last number of a key; the next frame needs another key. */
export const LAST_COUNTER = 0xffff_ffff;

/** How the clear bytes before the piece are to be found: so many, or by the codec's own rules. */
export const LAYOUT_H264 = 0x40;
export const LAYOUT_AV1 = 0x41;
const MOST_CLEAR = 0x3f;

export interface Trailer extends SenderId {
  readonly counter: number;
  readonly layout: number;
}

export function writeTrailer({ sender, generation, counter, layout }: Trailer): Uint8Array {
  const bytes = new Uint8Array(TRAILER);
  const view = new DataView(bytes.buffer);
  bytes.set(sender);
  view.setUint16(8, generation);
  view.setUint32(10, counter);
  view.setUint8(14, layout);
  view.setUint8(15, VERSION);
  return bytes;
}

/** Null: these bytes are no sealed piece. */
export function readTrailer(bytes: Uint8Array): Trailer | null {
  const at = bytes.length - TRAILER;
  if (at < TAG) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, TRAILER);
  const layout = view.getUint8(14);
  const known = layout <= MOST_CLEAR || layout === LAYOUT_H264 || layout === LAYOUT_AV1;
  if (view.getUint8(15) !== VERSION || !known) return null;
  return {
    sender: bytes.slice(at, at + 8),
    generation: view.getUint16(8),
    counter: view.getUint32(10),
    layout,
  };
}

/** RFC 9605 4.4.3: the salt with the counter in its last bytes. */
function nonce(salt: Uint8Array, counter: number): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(salt);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, (view.getUint32(8) ^ counter) >>> 0);
  return bytes;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `clear`: what is sent readable beside it, and is authentic as well. */
export async function sealPiece(
  { key, salt }: FrameKey,
  trailer: Trailer,
  body: Uint8Array,
  clear: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const written = writeTrailer(trailer);
  const sealed = await crypto.subtle.encrypt(
    {
      name: "AES-GCM",
      iv: nonce(salt, trailer.counter),
      additionalData: joined(clear, written),
      tagLength: 8 * TAG,
    },
    key,
    Uint8Array.from(body),
  );
  return joined(new Uint8Array(sealed), written);
}

/** Null: not of this key, or not as it was sealed. */
export async function openPiece(
  { key, salt }: FrameKey,
  trailer: Trailer,
  piece: Uint8Array,
  clear: Uint8Array,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const end = piece.length - TRAILER;
  try {
    const opened = await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: nonce(salt, trailer.counter),
        additionalData: joined(clear, piece.subarray(end)),
        tagLength: 8 * TAG,
      },
      key,
      Uint8Array.from(piece.subarray(0, end)),
    );
    return new Uint8Array(opened);
  } catch {
    return null;
  }
}
