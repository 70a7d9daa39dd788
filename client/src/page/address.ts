/** What the page's address asks for: `/ROOM`, `/ROOM?name=N&join`. Pure. */
import { DISPLAY_NAME_MAX_LENGTH, ROOM_NAME_MAX_LENGTH, ROOM_NAME_PATTERN } from "../protocol.ts";

export interface Asked {
  /** Empty when the address names no room or none that can be. */
  room: string;
  name: string;
  /** Join without a click. */
  join: boolean;
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

export function readAddress(location: { pathname: string; search: string }): Asked {
  const query = new URLSearchParams(location.search);
  const room = decode(location.pathname.replace(/^\/+|\/+$/g, ""));
  return {
    room: isRoomName(room) ? room : "",
    name: cleanName(query.get("name") ?? ""),
    join: query.has("join"),
  };
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
