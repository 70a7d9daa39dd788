/** Keeps the screen on during a call (W3C screen-wake-lock), where the browser can. */

/** @returns what lets it go dark again. */
export function keepAwake(): () => void {
  const stop = new AbortController();
  let lock: WakeLockSentinel | null = null;
  const take = async () => {
    // The browser takes it back whenever the page is out of sight.
    if (document.hidden || !("wakeLock" in navigator)) return;
    // Refused when the battery is low: then the screen goes dark, as everywhere else.
    const taken = await navigator.wakeLock.request("screen").catch(() => null);
    if (stop.signal.aborted) void taken?.release();
    else lock = taken;
  };
  document.addEventListener("visibilitychange", () => void take(), { signal: stop.signal });
  void take();
  return () => {
    stop.abort();
    void lock?.release();
  };
}
