// @ts-check
/**
 * The live tree. Asks for /api/v1/tree once a second and changes only what is new, so that
 * what is folded stays folded and the focus stays where it is.
 *
 * @typedef {{type: string, message?: string, where?: string, count?: number,
 *   causes?: Cause[]}} Cause
 * @typedef {{id: string, time: string, path: string, code: string, causes: Cause[]}} Failure
 * @typedef {{kind: string, name: string, state?: string, age?: number, where?: string,
 *   detail?: string, restarts?: number, failure?: Failure, children?: Branch[]}} Branch
 */

import { fetchAsOperator } from "./token.js";

const INTERVAL_MS = 1000;
const FOLDED = new Set(["connection", "task", "transport"]);
const AT_WORK = new Set(["connection", "task"]);
const FAILING = new Set(["service", "room", "peer"]);

const tree = /** @type {HTMLElement} */ (document.getElementById("tree"));
const summary = /** @type {HTMLElement} */ (document.getElementById("summary"));
const trouble = /** @type {HTMLElement} */ (document.getElementById("trouble"));
const live = /** @type {HTMLInputElement} */ (document.getElementById("live"));

/** @type {Map<string, Row>} */
const rows = new Map();

class Row {
  /**
   * @param {Branch} node
   * @param {Branch[]} above
   */
  constructor(node, above) {
    this.item = document.createElement("li");
    this.details = document.createElement("details");
    this.details.className = node.kind;
    this.details.open = !FOLDED.has(node.kind) && node.name !== "process";
    this.list = document.createElement("ul");
    this.failure = element("p", "failure");
    this.parts = {
      kind: element("span", "kind"),
      name: element("span", "name"),
      state: element("span", "state"),
      age: element("span", "age"),
      restarts: element("span", "restarts"),
      detail: element("span", "detail"),
    };
    const line = document.createElement("summary");
    line.append(...Object.values(this.parts));
    const address = addressOf(node, above);
    if (address !== null) line.append(endButton(node, address));
    this.details.append(line, this.failure, this.list);
    this.item.append(this.details);
  }

  /** @param {Branch} node */
  show(node) {
    const { kind, name, state, age, restarts, detail } = this.parts;
    const waits = node.where && AT_WORK.has(node.kind);
    const plain = node.kind === "service" || node.kind === "daemon";
    write(kind, plain ? "" : node.kind);
    write(name, node.name);
    write(state, node.state ?? "");
    state.dataset.state = node.state ?? "";
    write(age, node.age === undefined ? "" : duration(node.age));
    write(restarts, node.restarts ? `restarts ${node.restarts}` : "");
    write(detail, [node.detail, waits ? `at ${node.where}` : ""].filter(Boolean).join("  "));
    write(this.failure, FAILING.has(node.kind) && node.failure ? told(node.failure) : "");
    this.details.classList.toggle("leaf", !node.children?.length);
  }
}

/**
 * @param {HTMLElement} list
 * @param {Branch[]} nodes
 * @param {Branch[]} above
 * @param {string} prefix
 * @param {Set<string>} seen
 */
function place(list, nodes, above, prefix, seen) {
  nodes.forEach((node, position) => {
    let key = `${prefix}/${node.kind}:${node.name}`;
    while (seen.has(key)) key += "'";
    seen.add(key);
    let row = rows.get(key);
    if (row === undefined) {
      row = new Row(node, above);
      rows.set(key, row);
    }
    row.show(node);
    if (list.children[position] !== row.item) {
      list.insertBefore(row.item, list.children[position] ?? null);
    }
    place(row.list, node.children ?? [], [...above, node], key, seen);
  });
}

/** @param {Branch} root */
function render(root) {
  /** @type {Set<string>} */
  const seen = new Set();
  place(tree, [root], [], "", seen);
  for (const [key, row] of rows) {
    if (!seen.has(key)) {
      row.item.remove();
      rows.delete(key);
    }
  }
  const found = count(root, new Map());
  const said = ["room", "peer", "task", "transport"].map(
    (kind) => `${kind}s ${found.get(kind) ?? 0}`,
  );
  write(summary, said.join(", "));
}

/**
 * @param {Branch} node
 * @param {Map<string, number>} found
 */
function count(node, found) {
  found.set(node.kind, (found.get(node.kind) ?? 0) + 1);
  for (const child of node.children ?? []) count(child, found);
  return found;
}

/**
 * @param {Branch} node
 * @param {Branch[]} above
 */
function addressOf(node, above) {
  if (node.kind === "room") return `/api/v1/rooms/${encodeURIComponent(node.name)}`;
  const room = above.at(-1);
  if (node.kind !== "peer" || room?.kind !== "room") return null;
  return `/api/v1/rooms/${encodeURIComponent(room.name)}/peers/${encodeURIComponent(node.name)}`;
}

/**
 * @param {Branch} node
 * @param {string} address
 */
function endButton(node, address) {
  const button = element("button", "end");
  button.textContent = "End";
  button.setAttribute("aria-label", `End ${node.kind} ${node.name}`);
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (!confirm(`End ${node.kind} ${node.name}?`)) return;
    try {
      const headers = { "content-type": "application/json" };
      await check(await fetchAsOperator(address, { method: "DELETE", headers }));
      await refresh();
    } catch (error) {
      write(trouble, String(error));
    }
  });
  return button;
}

class Refused extends Error {}

/** @param {Response} response */
async function check(response) {
  if (response.ok || response.status === 404) return;
  const { message } = await response.json();
  throw new Refused(message);
}

async function refresh() {
  try {
    const response = await fetchAsOperator("/api/v1/tree");
    await check(response);
    render(await response.json());
    write(trouble, "");
  } catch (error) {
    const refused = error instanceof Refused;
    write(trouble, refused ? error.message : `No answer: what is shown is old. ${error}`);
  }
}

/**
 * @param {string} tag
 * @param {string} name
 */
function element(tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}

/**
 * @param {HTMLElement} where
 * @param {string} text
 */
function write(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/** @param {Failure} failure */
function told(failure) {
  const { code, id, path, causes } = failure;
  const when = new Date(failure.time).toLocaleTimeString();
  return `${code} ${id} at ${when} in ${path}: ${causes.map(caused).join("; ")}`;
}

/**
 * @param {Cause} cause
 * @returns {string}
 */
function caused({ type, message, where, count = 1, causes = [] }) {
  const what = message ? `${type}: ${message}` : type;
  const how = [what, count > 1 && `(${count} times)`, where && `at ${where}`];
  const line = how.filter(Boolean).join(" ");
  return [line, ...causes.map(caused)].join(", because of ");
}

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const whole = Math.floor(seconds);
  /** @param {number} n */
  const two = (n) => String(n).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor((whole % 86400) / 3600))}h`;
}

for (;;) {
  if (live.checked && !document.hidden) await refresh();
  await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
}
