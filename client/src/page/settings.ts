/** The settings: language, what the screen is shared for, who is beside it, sounds, shortcuts. */
import { canShareScreen } from "../lib/index.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { LANGUAGES, pageLanguage, t } from "./language.ts";
import type { Remembered } from "./remembered.ts";
import { actionName, SHORTCUTS } from "./shortcuts.ts";

/** What each language calls itself. */
const NAMES: Readonly<Record<string, string>> = { en: "English", fr: "Français" };

/** @param change is called with the language that was chosen. */
export function languageChoice(change: (language: string) => void): HTMLSelectElement {
  const options = Object.keys(LANGUAGES).map((language) =>
    h(
      "option",
      { value: language, lang: language, selected: language === pageLanguage() },
      NAMES[language] ?? language,
    ),
  );
  const select = h(
    "select",
    { name: "language", "aria-label": t("settings.language") },
    ...options,
  );
  select.addEventListener("change", () => change(select.value));
  return select;
}

/** What the screen is shared for, from the next time on. */
function contentChoice(remembered: Remembered, changed: () => void): HTMLElement {
  const select = h(
    "select",
    { name: "content" },
    ...(["text", "motion"] as const).map((content) =>
      h(
        "option",
        { value: content, selected: content === remembered.content },
        t(`settings.content-${content}`),
      ),
    ),
  );
  select.addEventListener("change", () => {
    remembered.content = select.value === "motion" ? "motion" : "text";
    changed();
  });
  return h("label", { class: "field" }, h("span", {}, t("settings.content")), select);
}

export interface SettingsChanges {
  language(language: string): void;
  /** Something of `remembered` has changed. */
  remember(): void;
}

export function settingsDialog(
  remembered: Remembered,
  changes: SettingsChanges,
  devices: HTMLElement,
): HTMLDialogElement {
  const check = (key: "presenter" | "chime" | "shortcuts") => {
    const box = h("input", { type: "checkbox", name: key, checked: remembered[key] });
    box.addEventListener("change", () => {
      remembered[key] = box.checked;
      changes.remember();
    });
    return h("label", { class: "check" }, box, h("span", {}, t(`settings.${key}`)));
  };
  const dialog: HTMLDialogElement = h("dialog", {
    class: "settings",
    "aria-labelledby": "settings-title",
  });
  const close = t("settings.close");
  dialog.append(
    h(
      "header",
      {},
      h("h2", { id: "settings-title" }, t("settings.title")),
      h(
        "button",
        {
          type: "button",
          class: "link",
          title: close,
          "aria-label": close,
          onclick: () => dialog.close(),
        },
        icon("close"),
      ),
    ),
    h(
      "label",
      { class: "field" },
      h("span", {}, t("settings.language")),
      languageChoice(changes.language),
    ),
    devices,
    ...(canShareScreen() ? [contentChoice(remembered, changes.remember)] : []),
    check("presenter"),
    check("chime"),
    check("shortcuts"),
    h(
      "dl",
      { class: "keys", "aria-label": t("settings.keys") },
      ...Object.entries(SHORTCUTS).map(([key, action]) =>
        h(
          "div",
          {},
          h("dt", {}, h("kbd", {}, key.toUpperCase())),
          h("dd", {}, t(actionName(action))),
        ),
      ),
    ),
  );
  return dialog;
}
