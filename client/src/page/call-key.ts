/** The key of an encrypted call: `#key=…` in the link, which no browser sends to anybody. Pure. */

/** Whether this browser can encrypt: W3C webrtc-encoded-transform, Web Crypto. */
export function canEncrypt(): boolean {
  return "RTCRtpScriptTransform" in globalThis && isSecureContext;
}

export function keyIn(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get("key") || null;
}

/** What the link of the call ends with. */
export function fragmentOf(key: string | null): string {
  return key === null ? "" : `#${new URLSearchParams({ key })}`;
}

/**
 * A key nobody can guess: 128 bits.
 *
 * @param random fills an array, like `crypto.getRandomValues`.
 */
export function proposeKey(random: (bytes: Uint8Array<ArrayBuffer>) => void): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}
