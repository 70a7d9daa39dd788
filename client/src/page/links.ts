/** Finds the addresses in what people write. Pure: nothing here makes markup. */

export type Piece =
  | { text: string; href: null } //
  | { text: string; href: string };

const ADDRESS = /\b(?:https?:\/\/|www\.)[^\s<>"“”«»]+/gi;
/** What ends a sentence rather than an address. */
const TAIL = /[.,;:!?'’…*_]+$/;

const BRACKETS = [
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
] as const;

function trimmed(found: string): string {
  let address = found;
  for (;;) {
    const before = address;
    address = address.replace(TAIL, "");
    for (const [open, close] of BRACKETS)
      if (address.endsWith(close) && address.split(open).length < address.split(close).length)
        address = address.slice(0, -1);
    if (address === before) return address;
  }
}

/** Where it leads, if it is an address of the web; nothing else becomes a link. */
function target(address: string): string | null {
  try {
    const url = new URL(/^www\./i.test(address) ? `https://${address}` : address);
    const web = url.protocol === "https:" || url.protocol === "http:";
    // A name before the @ can look like the host.
    return web && url.hostname.includes(".") && !url.username && !url.password ? url.href : null;
  } catch {
    return null;
  }
}

/** The text in its order, with the addresses of the web in it. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let after = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0]);
    const href = target(address);
    if (href === null) continue;
    if (match.index > after) found.push({ text: text.slice(after, match.index), href: null });
    found.push({ text: address, href });
    after = match.index + address.length;
  }
  if (after < text.length) found.push({ text: text.slice(after), href: null });
  return found;
}
