/** Figures in words, as the page's language writes them. */
import type { Source } from "../../lib/index.ts";
import { pageLanguage, t } from "../language.ts";
import type { Line } from "./look.ts";
import type { Path } from "./path.ts";
import type { Stream } from "./streams.ts";

/** For what is not known. */
export const NOTHING = "–";

function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(pageLanguage(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

export function rate(bitsPerSecond: number | null): string {
  if (bitsPerSecond === null) return NOTHING;
  return bitsPerSecond >= 1e6
    ? `${number(bitsPerSecond / 1e6, 1)} Mbit/s`
    : `${number(bitsPerSecond / 1e3)} kbit/s`;
}

export function share(part: number | null): string {
  return part === null ? NOTHING : `${number(100 * part, 1)} %`;
}

export function milliseconds(seconds: number | null): string {
  return seconds === null ? NOTHING : `${number(seconds * 1_000)} ms`;
}

/** "2 × (1.5 s)": how often and how long in all. */
export function standstill({ freezes, standstill }: Stream): string {
  if (standstill === null) return NOTHING;
  const seconds = `${number(standstill, 1)} s`;
  return freezes === null ? seconds : `${number(freezes)} × (${seconds})`;
}

export function picture({ width, height, framesPerSecond }: Stream): string {
  return width ? `${width}×${height}, ${number(framesPerSecond)}/s` : NOTHING;
}

export function layer({ layer, stream }: Line): string {
  const limited = stream.limited && t(`statistics.limited-${stream.limited}`);
  return [layer, limited].filter(Boolean).join(", ") || NOTHING;
}

const SOURCES = {
  microphone: "statistics.microphone",
  camera: "statistics.camera",
  screen: "statistics.screen",
  "screen-audio": "statistics.screen-audio",
} as const satisfies Readonly<Record<Source, string>>;

/** @param self what this user is called. */
export function who({ peer, source }: Line, self: string): string {
  const name = peer?.name ?? t("statistics.sent", { name: self });
  return t("statistics.track", { name, source: t(SOURCES[source]) });
}

/** How media gets to the server. */
export function way({ relay, protocol }: Path): string {
  if (relay) return t("statistics.relayed", { protocol: relay.toUpperCase() });
  return t("statistics.direct", { protocol: protocol?.toUpperCase() ?? NOTHING });
}
