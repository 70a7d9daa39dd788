/** Line icons, 24×24, drawn for this page. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  microphone:
    "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3M6 11a6 6 0 0 0 12 0M12 17v4M9 21h6",
  "microphone-off":
    "M9 9v2a3 3 0 0 0 4.5 2.6M15 10.5V6a3 3 0 0 0-5.8-1M6 11a6 6 0 0 0 9.3 5M18 11a6 6 0 0 1-.4 2.2M12 17v4M9 21h6M4 4l16 16",
  camera: "M4 7h10a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1M15 11l5-3v8l-5-3",
  "camera-off":
    "M8 7h6a1 1 0 0 1 1 1v5M15 11l5-3v8l-2-1.2M14 17H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1M4 4l16 16",
  screen:
    "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1M9 21h6M12 14V8M9 10.5 12 8l3 2.5",
  "screen-off":
    "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1M9 21h6M9.5 8.5l5 5M14.5 8.5l-5 5",
  leave:
    "M4 15c-1.5-1.5-1-4 .5-5.2C6.5 8.3 9 7.5 12 7.5s5.5.8 7.5 2.3c1.5 1.2 2 3.7.5 5.2l-1 1-4-1.5v-2.7c-2-.5-4-.5-6 0v2.7L5 16z",
  lock: "M8 11V8a4 4 0 0 1 8 0v3M6 11h12v9H6z",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
  sound: "M4 10v4h3l5 4V6L7 10zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  statistics: "M4 20h16M7 16v-5M12 16V6M17 16V9",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
} as const;

export type IconName = keyof typeof PATHS;

/** Decorative: the accessible name is the button's. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
