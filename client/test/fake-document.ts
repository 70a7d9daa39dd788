/** Stands in for the document, which Node has not: what the page's smallest parts do to it. */
import { vi } from "vitest";

export class FakeElement {
  readonly dataset: Record<string, string> = {};
  readonly attributes = new Map<string, string>();
  readonly style = { setProperty: () => undefined };
  readonly classList = { add: () => undefined };
  children: (FakeElement | string)[] = [];
  parent: FakeElement | null = null;
  /** How often something was put into it: what a live region would have read out. */
  said = 0;

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
    if (name.startsWith("data-")) this.dataset[name.slice("data-".length)] = value;
  }

  append(...children: (FakeElement | string)[]): void {
    for (const child of children) if (child instanceof FakeElement) child.parent = this;
    this.children.push(...children);
    if (children.length > 0) this.said += 1;
  }

  remove(): void {
    if (this.parent) this.parent.children = this.parent.children.filter((each) => each !== this);
  }

  addEventListener(): void {}

  get textContent(): string {
    return this.children
      .map((each) => (typeof each === "string" ? each : each.textContent))
      .join("");
  }

  set textContent(text: string) {
    this.children = text ? [text] : [];
    if (text) this.said += 1;
  }
}

/** Until `vi.unstubAllGlobals()`. */
export function fakeDocument(): void {
  const createElement = () => new FakeElement();
  vi.stubGlobal("document", { createElement, createElementNS: createElement });
}
