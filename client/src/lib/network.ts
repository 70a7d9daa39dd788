/** What the browser tells of the device's network. */

/** Not in TypeScript's DOM library: only some browsers have it. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Call `changed` when the device came back online or went from one kind of network to
 * another (`sure`), or when it may have; returns how to stop that.
 */
export function watchNetwork(changed: (sure: boolean) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  globalThis.addEventListener?.("online", () => changed(true), { signal });
  const navigator: { connection?: NetworkInformation } & object = globalThis.navigator ?? {};
  const { connection } = navigator;
  let type = connection?.type;
  connection?.addEventListener(
    "change",
    () => {
      // Also fired when the browser's estimate of the speed changes.
      changed(connection.type !== type);
      type = connection.type;
    },
    { signal },
  );
  return () => stop.abort();
}
