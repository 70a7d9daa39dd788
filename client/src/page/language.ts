/** The page's language: the first of the browser's that there are messages for. */
import { en, type MessageKey, type Messages } from "./messages/en.ts";
import { fr } from "./messages/fr.ts";

export const LANGUAGES: Readonly<Record<string, Messages>> = { en, fr };

/** @param wanted language tags (BCP 47), the most wanted first. */
export function pickLanguage(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(LANGUAGES, language)) return language;
  }
  return "en";
}

/** `{name}` in a message is replaced by `parameters.name`. */
export function format(message: string, parameters: Readonly<Record<string, string>>): string {
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => parameters[name] ?? whole);
}

let messages: Messages = en;
let language = "en";

export function setLanguage(wanted: string): void {
  messages = LANGUAGES[wanted] ?? en;
  language = messages === en ? "en" : wanted;
}

/** The page's language now. */
export function pageLanguage(): string {
  return language;
}

/** The message `key` in the page's language. */
export function t(key: MessageKey, parameters: Readonly<Record<string, string>> = {}): string {
  return format(messages[key], parameters);
}

/**
 * What to tell the user about the error `code`: several codes may share a message.
 *
 * @param failure under which the server's operator finds what happened; told with the code.
 * @param parameters for the message.
 */
export function errorMessage(
  code: string,
  failure: string | null = null,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const key = `error.${SAME_AS.get(code) ?? code}`;
  if (!Object.hasOwn(messages, key)) return t("error.unknown", { code });
  const message = t(key as MessageKey, parameters).trim();
  return failure === null ? message : t("error.reference", { message, code, failure });
}

const SAME_AS: ReadonlyMap<string, string> = new Map([
  ["ice-timeout", "media-failed"],
  ["dtls-timeout", "media-failed"],
  ["dtls-failed", "media-failed"],
  ["dtls-closed", "media-failed"],
  ["consent-expired", "media-failed"],
  ["events-lost", "peer-failed"],
  ["engine-unstable", "worker-lost"],
  ["heartbeat-timeout", "signaling-lost"],
  ["slow-consumer", "signaling-lost"],
  ["join-timeout", "request-timeout"],
  ["too-many-joins-from-address", "too-many-joins"],
  ["too-many-joins-of-identity", "too-many-joins"],
  ["too-many-used-tokens", "too-many-joins"],
  ["token-too-large", "token-invalid"],
  ["token-malformed", "token-invalid"],
  ["token-algorithm-refused", "token-invalid"],
  ["token-key-unknown", "token-invalid"],
  ["token-signature-invalid", "token-invalid"],
  ["token-claims-invalid", "token-invalid"],
  ["token-audience-wrong", "token-invalid"],
  ["token-expiry-missing", "token-invalid"],
  ["token-lifetime-too-long", "token-invalid"],
  ["too-many-transports", "too-many-peers"],
  ["too-many-lines", "too-many-slots"],
  ["message-malformed", "protocol-error"],
  ["message-unknown", "protocol-error"],
  ["encryption-failed", "encryption-unsupported"],
]);
