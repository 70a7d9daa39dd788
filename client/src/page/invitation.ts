/** The join token of the address: kept for this tab alone, and taken out of sight. */
import type { Asked } from "./address.ts";

const KEY = "trio-sfu-token";

/** What of the browser is needed, so that tests can do without one. */
export interface Tab {
  storage: Pick<Storage, "getItem" | "setItem">;
  /** Take the fragment out of the address, and of the history with it. */
  hideFragment(): void;
}

/**
 * The token of the address, or else the one that this tab was opened with: a reload needs it.
 *
 * It does not stay in the address: whoever copies that, bookmarks it or films the window would
 * give the token away.
 */
export function takeToken({ token }: Pick<Asked, "token">, tab: Tab): string | null {
  if (token !== null) tab.hideFragment();
  try {
    if (token !== null) tab.storage.setItem(KEY, token);
    return token ?? tab.storage.getItem(KEY);
  } catch {
    // Storage is forbidden: a reload needs the link again.
    return token;
  }
}
