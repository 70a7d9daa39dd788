/** The reactions: their names and pictures, and the row of buttons. */
import type { Reaction } from "../lib/index.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";
import { t } from "./language.ts";

/** In the order of the buttons. */
export const REACTIONS: readonly Reaction[] = [
  "thumbs-up",
  "clap",
  "heart",
  "laugh",
  "surprise",
  "celebrate",
];

/** A picture that rises from a tile and is gone, ms later. */
export const SHOWN_FOR = 3_000;

export function reactionPicture(reaction: Reaction): HTMLElement {
  return h("span", { class: "reaction", "data-reaction": reaction }, icon(reaction));
}

/** A popover with a button for each. */
export function reactionMenu(react: (reaction: Reaction) => void): HTMLElement {
  const menu: HTMLElement = h(
    "div",
    { id: "reactions", class: "menu row", popover: "auto", role: "group" },
    ...REACTIONS.map((reaction) => {
      const name = t(`reaction.${reaction}`);
      const press = () => {
        menu.hidePopover();
        react(reaction);
      };
      return h(
        "button",
        { type: "button", class: "round", title: name, "aria-label": name, onclick: press },
        reactionPicture(reaction),
      );
    }),
  );
  menu.ariaLabel = t("call.reactions");
  return menu;
}
