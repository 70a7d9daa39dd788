/** What somebody sends to those who help them: what the panel shows, and what it was shown by. Pure. */

export interface Reported {
  /** Of the page. */
  version: string;
  at: Date;
  browser: string;
  languages: readonly string[];
  /** CSS pixels, and device pixels for each. */
  window: { width: number; height: number; ratio: number };
  /** By which the server's operator finds the session. */
  peer: string | null;
  state: string;
  peers: number;
  encrypted: boolean;
  /** Of the way that media takes, a line each. */
  path: readonly string[];
  tracks: readonly string[];
}

/** Plain text: no address of this device, no link, no token and no key is in it. */
export function reportText(reported: Reported): string {
  const { width, height, ratio } = reported.window;
  return [
    `trio-sfu ${reported.version}, ${reported.at.toISOString()}`,
    `browser: ${reported.browser}`,
    `languages: ${reported.languages.join(", ")}`,
    `window: ${width}×${height} × ${ratio}`,
    `peer: ${reported.peer ?? "none"}, ${reported.state}, others: ${reported.peers}` +
      (reported.encrypted ? ", encrypted end to end" : ""),
    "",
    ...reported.path,
    "",
    ...reported.tracks,
    "",
  ].join("\n");
}
