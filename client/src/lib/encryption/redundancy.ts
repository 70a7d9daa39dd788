/** The blocks of redundant audio (RFC 2198). */

const HEADER = 4;
/** A block's length has ten bits. */
const LONGEST = 0x3ff;

export interface Block {
  readonly payloadType: number;
  /** How much older than the newest it is, in units of the clock; null: it is the newest. */
  readonly age: number | null;
  readonly data: Uint8Array;
}

/** The blocks, the newest last; null: that is no such packet. */
export function readBlocks(payload: Uint8Array): Block[] | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const headers: { payloadType: number; age: number | null; length: number }[] = [];
  let at = 0;
  for (;;) {
    if (at >= payload.length) return null;
    const first = view.getUint8(at);
    if (first < 0x80) {
      headers.push({ payloadType: first, age: null, length: -1 });
      at += 1;
      break;
    }
    if (at + HEADER > payload.length) return null;
    const rest = view.getUint32(at) & 0xff_ffff;
    headers.push({ payloadType: first & 0x7f, age: rest >>> 10, length: rest & LONGEST });
    at += HEADER;
  }
  const blocks: Block[] = [];
  for (const { payloadType, age, length } of headers) {
    const end = length < 0 ? payload.length : at + length;
    if (end > payload.length) return null;
    blocks.push({ payloadType, age, data: payload.subarray(at, end) });
    at = end;
  }
  return blocks;
}

/** One that does not fit is left out; the newest always does. */
export function writeBlocks(blocks: readonly Block[]): Uint8Array<ArrayBuffer> {
  const fit = blocks.filter(({ age, data }) => age === null || data.length <= LONGEST);
  const lengths = fit.map(({ age, data }) => (age === null ? 1 : HEADER) + data.length);
  const payload = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  const view = new DataView(payload.buffer);
  let at = 0;
  for (const { payloadType, age, data } of fit) {
    if (age === null) view.setUint8(at++, payloadType);
    else {
      view.setUint32(at, ((0x80 | payloadType) << 24) | (age << 10) | data.length);
      at += HEADER;
    }
  }
  for (const { data } of fit) {
    payload.set(data, at);
    at += data.length;
  }
  return payload;
}
