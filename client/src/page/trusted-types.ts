/**
 * Trusted Types (W3C): the page's policy lets no text become markup or script. Workers of the
 * page's own are all that may be loaded by an address.
 */

interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

/** Whether a script may be loaded from `url` by a page of `origin`. */
export function isOwnScript(url: string, origin: string): boolean {
  try {
    return new URL(url, origin).origin === origin;
  } catch {
    return false;
  }
}

/** Call it once, first of all; a browser without Trusted Types needs nothing. */
export function trustOwnScripts(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: Factory };
  trustedTypes?.createPolicy("default", {
    createScriptURL(url) {
      if (!isOwnScript(url, location.origin))
        throw new TypeError(`not a script of this page: ${url}`);
      return url;
    },
  });
}
