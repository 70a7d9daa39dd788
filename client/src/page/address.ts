/** What the page's address asks for: `/ROOM`, `/ROOM?name=N&join#token=T&key=K`. Pure. */
import { DISPLAY_NAME_MAX_LENGTH, ROOM_NAME_MAX_LENGTH, ROOM_NAME_PATTERN } from "../protocol.ts";
import { keyIn } from "./call-key.ts";

export interface Asked {
  /** Empty when the address names no room or none that can be. */
  room: string;
  name: string;
  /** Join without a click. */
  join: boolean;
  /** A join token. It is in the fragment, which no browser sends to anybody (RFC 9110, 4.2.5). */
  token: string | null;
  /** What the call is encrypted with end to end, in the fragment as well. */
  key: string | null;
}

export function isRoomName(room: string): boolean {
  return room.length <= ROOM_NAME_MAX_LENGTH && ROOM_NAME_PATTERN.test(room);
}

/** A display name as the server takes it; empty when nothing is left. */
export function cleanName(name: string): string {
  return [...name.trim().replace(/\s+/g, " ")].slice(0, DISPLAY_NAME_MAX_LENGTH).join("");
}

/** What somebody typed as a room: blanks become dashes, accents go. */
export function cleanRoom(room: string): string {
  return room.trim().normalize("NFD").replace(/\p{M}/gu, "").replace(/\s+/g, "-");
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

export function readAddress(location: { pathname: string; search: string; hash: string }): Asked {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") || null;
  const query = new URLSearchParams(location.search);
  const room = decode(location.pathname.replace(/^\/+|\/+$/g, ""));
  return {
    room: isRoomName(room) ? room : "",
    name: cleanName(query.get("name") ?? nameIn(token)),
    join: query.has("join"),
    token,
    key: keyIn(location.hash),
  };
}

/** The name that a token says its holder has: only to be shown, the server decides. */
export function nameIn(token: string | null): string {
  try {
    const payload = (token ?? "").split(".")[1] ?? "";
    const bytes = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
    const { name } = Object(JSON.parse(text)) as { name?: unknown };
    return typeof name === "string" ? name : "";
  } catch {
    return "";
  }
}

/**
 * A room name nobody else will think of: 40 bits.
 *
 * @param random fills an array, like `crypto.getRandomValues`.
 */
export function proposeRoom(random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(8);
  random(bytes);
  const letters = [...bytes].map((byte) => "abcdefghijkmnpqrstuvwxyz23456789"[byte % 32]).join("");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
