/** The connection test as one sees it in the lobby; loaded when it is asked for. */
import {
  type ConnectionTestOptions,
  canCall,
  type Finding,
  testConnection,
  wayOf,
} from "../lib/connection-test/index.ts";
import { h } from "./dom.ts";
import { errorMessage, format, pageLanguage } from "./language.ts";
import { type ConnectionMessages, connectionEn } from "./messages/connection-en.ts";
import { connectionFr } from "./messages/connection-fr.ts";

export const CONNECTION_LANGUAGES: Readonly<Record<string, ConnectionMessages>> = {
  en: connectionEn,
  fr: connectionFr,
};

type Key = keyof ConnectionMessages;

function say(key: Key, parameters: Readonly<Record<string, string>> = {}): string {
  const messages = CONNECTION_LANGUAGES[pageLanguage()] ?? connectionEn;
  return format(messages[key], parameters);
}

/** What there is to say of a finding, besides that it is well or not. */
export function remark({ check, state, code, milliseconds }: Finding): string {
  if (state === "ok") {
    const measured = milliseconds !== null && check !== "publish" && check !== "receive";
    return measured && check !== "reconnect"
      ? say("passed.time", { milliseconds: String(milliseconds) })
      : "";
  }
  if (check === "TURN") return say("no-relay", { code });
  if (Object.hasOwn(connectionEn, code)) return say(code as Key);
  return errorMessage(code);
}

/** What it all means for who wants to call. */
export function summary(findings: readonly Finding[]): string {
  const of = (check: Finding["check"]) => findings.find((finding) => finding.check === check);
  const socket = of("WebSocket");
  if (!socket || socket.state === "fail") return socket ? remark(socket) : say("summary.stopped");
  const way = wayOf(findings);
  if (!way) return say("summary.blocked");
  if (of("publish")?.code === "publish-denied") return say("summary.listen");
  if (of("receive")?.code === "subscribe-denied") return say("summary.send");
  return canCall(findings) ? say(`summary.${way}`) : say("summary.broken");
}

function row(finding: Finding): HTMLElement {
  const text = remark(finding);
  return h(
    "li",
    { "data-check": finding.check, "data-state": finding.state },
    h("strong", {}, say(`check.${finding.check}`)),
    h("span", {}, say(`state.${finding.state}`)),
    text !== "" && h("small", {}, text),
  );
}

export class ConnectionView {
  readonly element: HTMLElement;
  readonly #options: () => ConnectionTestOptions;
  readonly #rows = h("ul", { class: "findings" });
  readonly #summary = h("p", { role: "status" });
  readonly #button: HTMLButtonElement;
  #running: AbortController | null = null;

  /** @param button which begins it, stops it, and begins it again. */
  constructor(button: HTMLButtonElement, options: () => ConnectionTestOptions) {
    this.#options = options;
    this.#button = button;
    this.element = h("div", { class: "connection" }, this.#rows, this.#summary);
  }

  /** Begin, or stop what is under way. */
  toggle(): void {
    if (this.#running) this.stop();
    else void this.#run();
  }

  stop(): void {
    this.#running?.abort();
  }

  async #run(): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.#rows.replaceChildren();
    this.#summary.textContent = say("summary.running");
    this.#button.textContent = say("button.stop");
    this.element.dataset.state = "running";
    const findings: Finding[] = [];
    for await (const finding of testConnection({ ...this.#options(), signal: running.signal })) {
      findings.push(finding);
      this.#rows.append(row(finding));
    }
    this.#running = null;
    const stopped = running.signal.aborted;
    this.#summary.textContent = stopped ? say("summary.stopped") : summary(findings);
    this.#button.textContent = say("button.again");
    this.element.dataset.state = stopped ? "stopped" : "done";
  }
}
