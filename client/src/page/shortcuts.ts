/** Single keys for what the call's buttons do; they can be switched off (WCAG 2.1.4). */
import type { MessageKey } from "./messages/en.ts";

export type Action =
  | "microphone"
  | "camera"
  | "share"
  | "hand"
  | "react"
  | "chat"
  | "people"
  | "view"
  | "full-screen"
  | "picture-in-picture"
  | "statistics"
  | "lock"
  | "settings";

/** Leaving has none: nobody shall leave by a slip of a finger. */
export const SHORTCUTS: Readonly<Record<string, Action>> = {
  m: "microphone",
  v: "camera",
  s: "share",
  h: "hand",
  r: "react",
  c: "chat",
  p: "people",
  g: "view",
  f: "full-screen",
  i: "picture-in-picture",
  d: "statistics",
  k: "lock",
  "?": "settings",
};

export const actionName = (action: Action): MessageKey => `shortcut.${action}`;

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey" | "repeat">;

/** What `event` asks for; null: nothing of ours. */
export function actionOf(event: Pressed): Action | null {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return null;
  const key = event.key.toLowerCase();
  return Object.hasOwn(SHORTCUTS, key) ? (SHORTCUTS[key] ?? null) : null;
}

/** Whether somebody types there: letters are letters then. */
function types(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches("input:not([type=range], [type=checkbox]), textarea, select"))
  );
}

/** Listen for them; returns what stops it. `enabled` is asked each time. */
export function listenForShortcuts(
  enabled: () => boolean,
  act: (action: Action) => void,
): () => void {
  const press = (event: KeyboardEvent) => {
    if (!enabled() || types(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionOf(event);
    if (action === null) return;
    event.preventDefault();
    act(action);
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
