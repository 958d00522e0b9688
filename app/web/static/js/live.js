// One connection a page: shows the strip when it is lost, refreshes parts marked data-live, tells scripts through events.

let opening = null;
const refreshing = new Set();

/** The page's one connection, opened when it is first asked for. */
export function live(app) {
  opening ??= open(app);
  return opening;
}

async function open(app) {
  const { Connection } = await app.load("ws");
  const connection = new Connection({ csrf: app.csrf });
  connection.addEventListener("state", (event) => strip(event.detail, app));
  connection.addEventListener("event", (event) => document.dispatchEvent(new CustomEvent(`live:${event.detail.topic}`, { detail: event.detail })));
  return connection;
}

export async function start(root, app) {
  addEventListener("offline", () => strip("offline", app));
  addEventListener("online", () => strip("open", app));
  await watch(document, app);
  document.addEventListener("htmx:load", (event) => watch(event.detail.elt, app));
}

const watched = new Map();

async function watch(root, app) {
  const parts = [...root.querySelectorAll("[data-live]")];
  if (root instanceof Element && root.matches("[data-live]")) parts.push(root);
  for (const part of parts) {
    if (watched.has(part.id)) continue;
    watched.set(part.id, part.dataset.live);
    const socket = await live(app);
    for (const topic of part.dataset.live.split(" ")) socket.subscribe(topic, () => refresh(part.id));
  }
}

// Many events in a row cause one request at a time; the last state always arrives.
async function refresh(id) {
  const part = document.getElementById(id);
  if (!part || refreshing.has(id)) {
    if (part) refreshing.add(`${id}!`);
    return;
  }
  if (part.contains(document.activeElement) && document.activeElement.matches("input:not([name=chosen]), select, textarea")) return;
  refreshing.add(id);
  try {
    const address = part.dataset.liveHref ?? location.pathname + location.search;
    if (window.htmx) await window.htmx.ajax("GET", address, { source: part, target: part, select: `#${id}`, swap: "outerHTML" });
  } finally {
    setTimeout(() => {
      refreshing.delete(id);
      if (refreshing.delete(`${id}!`)) refresh(id);
    }, 500);
  }
}

let wasLost = false;
let lostTimer = 0;

function strip(state, app) {
  document.documentElement.dataset.connection = state;
  const element = document.querySelector("[data-strip]");
  if (!element) return;
  const text = element.querySelector("[data-part=text]");
  clearTimeout(lostTimer);
  if (state === "open") {
    if (!wasLost) return;
    wasLost = false;
    text.textContent = app.words.back;
    element.classList.add("strip-good");
    setTimeout(() => {
      if (!wasLost) element.hidden = true;
    }, 3000);
    return;
  }
  // A short blink of the connection is nobody's business.
  lostTimer = setTimeout(
    () => {
      wasLost = true;
      text.textContent = app.words[state] ?? app.words.lost;
      element.classList.remove("strip-good");
      element.hidden = false;
    },
    state === "offline" ? 0 : 2500,
  );
}
