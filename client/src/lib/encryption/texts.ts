/**
 * Sealed text: chat messages of an encrypted call. A message has a key of its own kind, which is
 * not ratcheted: who comes later reads what was written before. docs/encryption.md has the format.
 */
import { SEALED_TEXT } from "../sealed-text.ts";
import { joined, TAG } from "./piece.ts";

const NONCE = 12;
/** Former secrets that are tried: an application brings another one whenever somebody leaves. */
const MOST_SECRETS = 16;

const utf8 = new TextEncoder();

async function textKey(secret: CryptoKey): Promise<CryptoKey> {
  const info = utf8.encode("trio-sfu e2ee 1 chat");
  const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const bits = await crypto.subtle.deriveBits(parameters, secret, 256);
  return crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** The cipher for what `author`, a peer's id, writes: nobody's text opens as somebody else's. */
function cipher(nonce: Uint8Array<ArrayBuffer>, author: string): AesGcmParams {
  return { name: "AES-GCM", iv: nonce, additionalData: utf8.encode(author), tagLength: 8 * TAG };
}

export class Texts {
  #room: string | null = null;
  /** Of this room's secrets; the present one first. */
  #keys: Promise<CryptoKey>[] = [];
  #there: Promise<void>;
  #arrive: () => void = () => undefined;

  constructor() {
    this.#there = this.#arrival();
  }

  /** What was another room's key is none any more. */
  enter(room: string): void {
    if (room === this.#room) return;
    this.#room = room;
    if (this.#keys.length > 0) this.#there = this.#arrival();
    this.#keys = [];
  }

  use(secret: CryptoKey): void {
    this.#keys = [textKey(secret), ...this.#keys].slice(0, MOST_SECRETS);
    this.#arrive();
  }

  /** There will be no key: what waits for one is told. */
  fail(): void {
    this.#arrive();
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrive = resolve;
    });
  }

  /**
   * Waits until there is a key: nothing goes out unsealed.
   *
   * @throws DOMException InvalidStateError when there will be none.
   */
  async seal(text: string, author: string): Promise<string> {
    await this.#there;
    const key = this.#keys[0];
    if (!key) throw new DOMException("there is no key", "InvalidStateError");
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
    const body = await crypto.subtle.encrypt(cipher(nonce, author), await key, utf8.encode(text));
    return SEALED_TEXT + base64url(joined(nonce, new Uint8Array(body)));
  }

  /** Null: not of any key here, or not by `author`. */
  async open(sealed: string, author: string): Promise<string | null> {
    await this.#there;
    const bytes = fromBase64url(sealed.slice(SEALED_TEXT.length));
    if (!bytes || bytes.length < NONCE + TAG) return null;
    const parameters = cipher(bytes.slice(0, NONCE), author);
    for (const key of this.#keys) {
      try {
        const opened = await crypto.subtle.decrypt(parameters, await key, bytes.slice(NONCE));
        return new TextDecoder("utf-8", { fatal: true }).decode(opened);
      } catch {
        // Another secret's.
      }
    }
    return null;
  }
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
  } catch {
    return null;
  }
}
