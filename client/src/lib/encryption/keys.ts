/** From what the members of a call share to the key of each sender. */

/**
 * OWASP's Password Storage Cheat Sheet (2023) for PBKDF2 with HMAC-SHA-256. A passphrase that
 * the page has made needs none of it; one that people thought of does.
 */
export const ITERATIONS = 600_000;
/** Bytes of a secret that an application brings: as many as the weakest key it becomes. */
const LEAST_SECRET = 16;
const KEY_BYTES = 32;
const SALT_BYTES = 12;

const utf8 = new TextEncoder();

/** What seals or opens frames: an AES-GCM key, and the salt of its nonces (RFC 9605 4.4.2). */
export interface FrameKey {
  readonly key: CryptoKey;
  readonly salt: Uint8Array;
}

/** Who seals: drawn by each client for itself, and counted up at each ratchet. */
export interface SenderId {
  /** 8 bytes, random. */
  readonly sender: Uint8Array;
  /** 0 to 65,535. */
  readonly generation: number;
}

/** The secret of everybody who knows `passphrase`; another one in each room. */
export async function secretOfPassphrase(passphrase: string, room: string): Promise<CryptoKey> {
  const typed = utf8.encode(passphrase.normalize("NFC"));
  const material = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits(
    {
      name: "PBKDF2",
      hash: "SHA-256",
      salt: utf8.encode(`trio-sfu e2ee 1 room ${room}`),
      iterations: ITERATIONS,
    },
    material,
    8 * KEY_BYTES,
  );
  return importSecret(bits);
}

/**
 * The secret that an application has agreed on by its own means.
 *
 * @throws RangeError when it is shorter than 16 bytes.
 */
export async function secretOfBytes(bytes: BufferSource): Promise<CryptoKey> {
  if (bytes.byteLength < LEAST_SECRET) throw new RangeError(`a secret has ${LEAST_SECRET} bytes`);
  return importSecret(bytes);
}

function importSecret(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
}

/** The key of one sender in one generation (HKDF, RFC 5869). */
export async function frameKey(secret: CryptoKey, id: SenderId): Promise<FrameKey> {
  const label = utf8.encode("trio-sfu e2ee 1 sender ");
  const info = new Uint8Array(label.length + 10);
  info.set(label);
  info.set(id.sender, label.length);
  new DataView(info.buffer).setUint16(label.length + 8, id.generation);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    secret,
    8 * (KEY_BYTES + SALT_BYTES),
  );
  const key = await crypto.subtle.importKey("raw", bits.slice(0, KEY_BYTES), "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
  return { key, salt: new Uint8Array(bits, KEY_BYTES) };
}
