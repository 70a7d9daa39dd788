// @ts-check
/**
 * The operators' token: asked for when the daemon wants one, kept in this tab until it is
 * closed (sessionStorage), sent in a header and never in an address.
 */

const KEPT = "trio-sfu.operator-token";
const ANSWER_MS = 5000;

const form = /** @type {HTMLFormElement} */ (document.getElementById("token-form"));
const field = /** @type {HTMLInputElement} */ (document.getElementById("token"));
const said = /** @type {HTMLElement} */ (document.getElementById("token-said"));

/** @type {Promise<void> | null} One form for all who wait for a token. */
let entering = null;

/**
 * Fetch with the token; when the daemon wants another one, ask for it and try again.
 *
 * @param {string} address
 * @param {RequestInit} [options]
 */
export async function fetchAsOperator(address, options = {}) {
  for (;;) {
    await entering;
    const token = sessionStorage.getItem(KEPT);
    const headers = new Headers(options.headers);
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(address, { ...options, headers, signal });
    if (response.status !== 401) return response;
    const { code } = await response.json();
    if (token !== sessionStorage.getItem(KEPT)) continue; // Another one has been entered.
    const wrong = code === "operator-token-wrong";
    entering ??= enter(wrong ? "This token is wrong." : "");
  }
}

/** @param {string} why */
async function enter(why) {
  sessionStorage.removeItem(KEPT);
  said.textContent = why;
  form.hidden = false;
  field.focus();
  sessionStorage.setItem(KEPT, await typed());
  field.value = "";
  form.hidden = true;
  entering = null;
}

/** @returns {Promise<string>} */
function typed() {
  return new Promise((resolve) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      const token = field.value.trim();
      // What cannot stand in a header cannot be one (RFC 6750, section 2.1).
      if (/^[\w.~+/-]+=*$/.test(token)) resolve(token);
      else said.textContent = "A token has letters, digits and -._~+/ only, and = at its end.";
    };
  });
}
