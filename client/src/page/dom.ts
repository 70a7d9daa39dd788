/** Builds elements without HTML strings: nothing a peer is called can become markup. */

type Child = Node | string | null | false;
type Attributes = Readonly<Record<string, string | boolean | EventListener>>;

/** `onclick`-like attributes are listeners; true is a bare attribute, false none. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}
