/**
 * A page that was in a call when it was loaded anew goes back into it.
 *
 * Noted with the entry of the browser's history: another tab, another link and a copied address
 * know nothing of it, and a crashed tab that is loaded anew does.
 */

const NOTE = "in-call-as";

/** Note under which name the page is in a call; null: it is not. */
export function noteCall(name: string | null, history: History = globalThis.history): void {
  history.replaceState(name === null ? null : { [NOTE]: name }, "");
}

/** How the browser came to this page. */
function way(): string | undefined {
  const [entry] = performance.getEntriesByType("navigation");
  return (entry as PerformanceNavigationTiming | undefined)?.type;
}

/** The name in the call that was loaded anew; null: there was none. */
export function calledBefore(
  state: unknown = globalThis.history.state,
  type: string | undefined = way(),
): string | null {
  const name = (Object(state) as Record<string, unknown>)[NOTE];
  // By the arrows of the browser one goes to where one was, not into a call.
  return type === "reload" && typeof name === "string" ? name : null;
}
