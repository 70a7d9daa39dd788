/** H.264's byte stream (Rec. ITU-T H.264, annex B and 7.4.1), as far as packetizers look into it. */

const NON_IDR = 1;
const IDR = 5;
/**
 * Behind the header of the first slice: first_mb_in_slice, slice_type and pic_parameter_set_id,
 * which receivers look up parameter sets by.
 */
const SLICE_BYTES = 2;

/** How many bytes stay readable: everything up to the beginning of the first slice; 0 without one. */
export function clearLength(frame: Uint8Array): number {
  for (let at = 2; at + 1 < frame.length; at++) {
    if (frame[at] !== 1 || frame[at - 1] !== 0 || frame[at - 2] !== 0) continue;
    const kind = (frame[at + 1] ?? 0) & 0x1f;
    if (kind === NON_IDR || kind === IDR) return Math.min(at + 2 + SLICE_BYTES, frame.length);
  }
  return 0;
}

/** The same for start codes of three and of four bytes: packets carry none, receivers add their own. */
export function canonical(clear: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (const [at, byte] of clear.entries()) {
    const lengthens = byte === 0 && clear[at + 1] === 0 && clear[at + 2] === 0;
    if (!(lengthens && clear[at + 3] === 1)) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** Zeros at the end of what comes before. */
function zerosAtEnd(before: Uint8Array): number {
  let zeros = 0;
  while (zeros < before.length && before[before.length - 1 - zeros] === 0) zeros++;
  return zeros;
}

/** `body` behind `before`, so that no start code is in it by chance. */
export function withEmulation(body: Uint8Array, before: Uint8Array): Uint8Array {
  const escaped = new Uint8Array(body.length + Math.ceil(body.length / 2) + 1);
  let zeros = zerosAtEnd(before);
  let length = 0;
  for (const byte of body) {
    if (zeros >= 2 && byte <= 3) {
      escaped[length++] = 3;
      zeros = 0;
    }
    escaped[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return escaped.subarray(0, length);
}

/** What `withEmulation` was given. */
export function withoutEmulation(escaped: Uint8Array, before: Uint8Array): Uint8Array {
  const body = new Uint8Array(escaped.length);
  let zeros = zerosAtEnd(before);
  let length = 0;
  for (const byte of escaped) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    body[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return body.subarray(0, length);
}
