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
  encrypted: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
  sound: "M4 10v4h3l5 4V6L7 10zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  statistics: "M4 20h16M7 16v-5M12 16V6M17 16V9",
  "connection-weak": "M4 20v-5M12 20V10M20 20h.01",
  "connection-bad": "M4 20v-5M12 20h.01M13 4l7 7M20 4l-7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  hand: "M8 13V6a1.5 1.5 0 0 1 3 0v5M11 11V4.5a1.5 1.5 0 0 1 3 0V11M14 11V6a1.5 1.5 0 0 1 3 0v8a7 7 0 0 1-7 7c-3 0-4.5-1.5-6-4.500L3 13a1.5 1.5 0 0 1 2.6-1.500L8 14",
  react:
    "M12 21a9 9 0 1 1 6-15.700M20.5 9a9 9 0 0 1-8.5 12M8.5 14.500a4.5 4.5 0 0 0 7 0M9 9.500h.01M15 9.500h.01M20 2v5M17.5 4.500h5",
  chat: "M5 5h14a1.5 1.5 0 0 1 1.5 1.500v9A1.5 1.5 0 0 1 19 17h-7l-5 4v-4H5a1.5 1.5 0 0 1-1.5-1.500v-9A1.5 1.5 0 0 1 5 5M8 9.500h8M8 12.500h5",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M2.5 20a6.5 6.5 0 0 1 13 0M16 4.500a3.5 3.5 0 0 1 0 6M18 14.500a6.5 6.5 0 0 1 3.5 5.5",
  lock: "M6 11h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1M8 11V8a4 4 0 0 1 8 0v3",
  unlock:
    "M6 11h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1M8 11V8a4 4 0 0 1 7.5-2",
  turn: "M4 12a8 8 0 0 1 14-5.300M18 3v4h-4M20 12a8 8 0 0 1-14 5.300M6 21v-4h4",
  pin: "M9 3h6l-1 6 3 3v2H7v-2l3-3zM12 14v7",
  settings:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M9 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  speaker: "M4 4h16v10H4zM4 17h4v3H4zM10 17h4v3h-4zM16 17h4v3h-4z",
  "full-screen": "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  "picture-in-picture":
    "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1M12 12h6v4h-6z",
  send: "M4 12 20 4l-5 16-3.5-6.500zM11.5 13.5 20 4",
  "thumbs-up":
    "M7 11v9H4v-9zM7 11l4-8a2.5 2.5 0 0 1 2 2.500V9h5.500a2 2 0 0 1 2 2.400l-1.3 7A2 2 0 0 1 17.2 20H7",
  clap: "M6.5 13.5 11 18a5 5 0 0 0 7 0l1.5-1.500a5 5 0 0 0 0-7L14 4.500M14 4.500a1.4 1.4 0 0 0-2 2l2.5 2.500M12 6.5 11 5.500a1.4 1.4 0 0 0-2 2l3.5 3.500M9 7.500a1.4 1.4 0 0 0-2 2l4 4M7 9.500a1.4 1.4 0 0 0-2 2l1.5 2M3 5l1.5 1M6 2.5 6.5 4M2.5 8.500H4",
  heart:
    "M12 20.500C5 15.5 3 12 3 8.800A4.8 4.8 0 0 1 12 6.500a4.8 4.8 0 0 1 9 2.300c0 3.2-2 6.7-9 11.7",
  laugh:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M7.5 13h9a4.5 4.5 0 0 1-9 0M8 9.500l1.5-1 1 1.200M13.5 9.700l1-1.2 1.5 1",
  surprise:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 17.500a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.400M9 9.500h.01M15 9.500h.01M7.5 7l2-.800M16.5 7l-2-.8",
  celebrate:
    "M4 20l4.5-11 6.5 6.500zM8 9.500c2-3 1-5-.5-6M14.5 16c3-2 5-1 6 .500M12 12c2-3 4-4 7-3.500M13.5 5h.01M19 4.500h.01M20.5 12.500h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** Decorative: the accessible name is the button's. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  svg.dataset.icon = name;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
