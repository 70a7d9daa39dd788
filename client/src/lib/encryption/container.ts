/**
 * AV1's packetizer cuts a frame at the borders of its OBUs, so that there has to be one: all of
 * the sealed frame is the payload of a single OBU (AV1 specification 5.3, 4.10.5).
 */
import { joined } from "./piece.ts";

/** OBU_FRAME, with a size behind the header. */
const HEADER = 0x32;

export function wrap(sealed: Uint8Array): Uint8Array<ArrayBuffer> {
  const size: number[] = [];
  let rest = sealed.length;
  do {
    size.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return joined(Uint8Array.of(HEADER, ...size), sealed);
}

/** Null: it is no such OBU, or more than one. */
export function unwrap(frame: Uint8Array): Uint8Array | null {
  if (frame[0] !== HEADER) return null;
  let [at, size] = [1, 0];
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = frame[at++] ?? 0;
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return frame.length - at === size ? frame.subarray(at) : null;
}
