/** What the browser tells of the device's network. */

/** Not in TypeScript's DOM library: only some browsers have it. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Call `changed` when the device came back online or went from one kind of network to
 * another; returns how to stop that.
 */
export function watchNetwork(changed: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  globalThis.addEventListener?.("online", changed, { signal });
  const navigator: { connection?: NetworkInformation } & object = globalThis.navigator ?? {};
  const { connection } = navigator;
  let type = connection?.type;
  connection?.addEventListener(
    "change",
    () => {
      // Also fired when the browser's estimate of the speed changes.
      if (connection.type === type) return;
      type = connection.type;
      changed();
    },
    { signal },
  );
  return () => stop.abort();
}
