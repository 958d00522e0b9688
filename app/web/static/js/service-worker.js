// The service worker: the shell and the last pages one person saw, to be read while the appliance cannot be reached.
// Served as /service-worker.js behind a line that sets SETTINGS (app/web/offline.py). The network always comes first; only pages
// that the server marks as belonging to a sign-in are kept, and all of them go when somebody signs in or out. docs/decisions/0211

const SHELL_CACHE = `shell-${SETTINGS.version}`;
const PAGES = `pages-${SETTINGS.version}-`;
const OWNER = "X-Offline-Owner";
const KEPT_AT = "X-Kept-At";
const MOST_PAGES = 30;
const LONGEST = 7 * 24 * 3600 * 1000;
const NOT_PAGES = /^\/(api|ws|static)(\/|$)|\.(csv|xlsx|json|js)$/;

let era = 0; // rises whenever the pages are emptied, so that an answer which is still on its way is not kept afterwards

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (address.pathname === "/sign-in" || address.pathname === "/sign-out") event.waitUntil(empty());
  if (request.method !== "GET") return;
  if (address.pathname.startsWith("/static/")) event.respondWith(shell(event));
  else if (request.mode === "navigate" && !NOT_PAGES.test(address.pathname) && !address.searchParams.has("format")) event.respondWith(page(event));
});

async function install() {
  const cache = await caches.open(SHELL_CACHE);
  await cache.addAll(SETTINGS.shell);
  await cache.put("/offline", await fetch("/offline", { credentials: "omit", cache: "no-cache" }));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name !== SHELL_CACHE && !name.startsWith(PAGES)) await caches.delete(name);
  }
  await self.registration.navigationPreload?.enable(); // the request starts while this worker does
  await self.clients.claim();
}

async function shell(event) {
  const { request } = event;
  const cache = await caches.open(SHELL_CACHE);
  const versioned = new URL(request.url).searchParams.has("v");
  const found = await cache.match(request, { ignoreVary: true });
  if (found && versioned) return found;
  try {
    const answer = await fetch(request);
    if (answer.ok && versioned) event.waitUntil(cache.put(request, answer.clone()));
    return answer;
  } catch (error) {
    if (found) return found;
    throw error;
  }
}

async function page(event) {
  const started = era;
  let answer;
  try {
    answer = (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await kept(event.request.url)) ?? (await (await caches.open(SHELL_CACHE)).match("/offline")) ?? Response.error();
  }
  const owner = answer.headers.get(OWNER);
  if (owner && answer.status === 200 && !answer.redirected) event.waitUntil(keep(event.request.url, answer.clone(), owner, started));
  return answer;
}

async function keep(url, answer, owner, started) {
  const mine = `${PAGES}${owner}`;
  for (const name of await caches.keys()) {
    if (name.startsWith("pages-") && name !== mine) await caches.delete(name);
  }
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  headers.set(KEPT_AT, new Date().toISOString());
  const text = await answer.text();
  if (started !== era) return;
  const cache = await caches.open(mine);
  const key = keyOf(url);
  await cache.delete(key); // so that the order of the keys is the order in which pages were seen
  await cache.put(key, new Response(text, { headers }));
  const keys = await cache.keys();
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST_PAGES))) await cache.delete(old);
  if (started !== era) await caches.delete(mine);
}

async function kept(url) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PAGES)) continue;
    const cache = await caches.open(name);
    const found = await cache.match(keyOf(url));
    if (!found) continue;
    const at = new Date(found.headers.get(KEPT_AT));
    if (Date.now() - at > LONGEST) await cache.delete(keyOf(url));
    else return labelled(found, at);
  }
  return undefined;
}

// A page that cannot say how old it is must not be shown.
async function labelled(found, at) {
  const text = await found.text();
  const shown = text.replace(/(<p class="kept"[^>]*) hidden([^>]*>)/, "$1$2");
  if (shown === text || !shown.includes("%kept-at%")) return undefined;
  const told = shown.replace("%kept-at%", () => written(at));
  return new Response(told.replace("<html ", "<html data-kept "), { headers: found.headers });
}

function written(at) {
  const part = (options) => new Intl.DateTimeFormat(SETTINGS.locale, { timeZone: SETTINGS.timezone, ...options }).format(at);
  const day = (moment) => new Intl.DateTimeFormat("en", { timeZone: SETTINGS.timezone, dateStyle: "short" }).format(moment);
  const time = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return day(at) === day(new Date()) ? time : `${part({ day: "numeric", month: "short" })}, ${time}`;
}

async function empty() {
  era += 1;
  for (const name of await caches.keys()) if (name.startsWith("pages-")) await caches.delete(name);
}

function keyOf(url) {
  const address = new URL(url);
  return address.origin + address.pathname + address.search;
}
