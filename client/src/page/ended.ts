/** After the call: why it ended, and the ways on. */
import type { RoomError } from "../lib/index.ts";
import { h } from "./dom.ts";
import { errorMessage, t } from "./language.ts";

export interface WaysOn {
  again: () => void;
  lobby: () => void;
}

/**
 * @param error that ended the call; null: the user left.
 * @param joined whether the call had begun.
 * @param parameters for the message.
 */
export function endedView(
  error: Pick<RoomError, "code" | "failure"> | null,
  joined: boolean,
  { again, lobby }: WaysOn,
  parameters: Readonly<Record<string, string>> = {},
): HTMLElement {
  const { code = null, failure = null } = error ?? {};
  const title = code === null ? "ended.left" : joined ? "ended.failed" : "ended.refused";
  const first = h(
    "button",
    { type: "button", class: "primary", onclick: again },
    t(code === null ? "ended.again" : "ended.retry"),
  );
  queueMicrotask(() => first.focus());
  return h(
    "main",
    { class: "ended" },
    h("h1", {}, t(title)),
    code !== null &&
      h("p", { role: "alert", "data-code": code }, errorMessage(code, failure, parameters)),
    h(
      "div",
      { class: "ways" },
      first,
      h("button", { type: "button", class: "quiet", onclick: lobby }, t("ended.lobby")),
    ),
  );
}
