// Runs the service worker without a browser: caches, network and clock are stand-ins; prints what a scenario made of it as JSON.
// usage: node service_worker_run.mjs <script> <scenario>   (tests/unit/web/test_service_worker.py has the scenarios' expectations)

import { readFileSync } from "node:fs";
import vm from "node:vm";

const [, , scriptPath, scenario] = process.argv;
const HERE = "https://trade.example";
const PAGE = '<!doctype html><html lang="en"><p class="kept" role="status" hidden><span>As of %kept-at%, offline.</span></p>';

class Cache {
  entries = new Map();
  #url = (request) => new URL(typeof request === "string" ? request : request.url, HERE).href;
  async match(request) {
    return this.entries.get(this.#url(request))?.clone();
  }
  async put(request, answer) {
    this.entries.set(this.#url(request), answer);
  }
  async addAll(addresses) {
    for (const address of addresses) await this.put(address, await network(this.#url(address)));
  }
  async delete(request) {
    return this.entries.delete(this.#url(request));
  }
  async keys() {
    return [...this.entries.keys()].map((url) => ({ url }));
  }
}

const stores = new Map();
const caches = {
  open: async (name) => stores.get(name) ?? (stores.set(name, new Cache()), stores.get(name)),
  keys: async () => [...stores.keys()],
  delete: async (name) => stores.delete(name),
};
const kept = () => Object.fromEntries([...stores].filter(([name]) => name.startsWith("pages-")).map(([name, cache]) => [name, [...cache.entries.keys()].map((url) => url.replace(HERE, ""))]));

let online = true;
let moment = Date.UTC(2026, 2, 2, 12, 5);
let hold = null; // a promise that the network waits for
let owner = "ann";
let answerOf = () => new Response(PAGE, { headers: { "Content-Type": "text/html", Vary: "Cookie", ...(owner ? { "X-Offline-Owner": owner } : {}) } });
const asked = [];

async function network(request) {
  const url = typeof request === "string" ? new URL(request, HERE).href : request.url;
  asked.push(url.replace(HERE, ""));
  if (hold) await hold;
  if (!online) throw new TypeError("Failed to fetch");
  return answerOf(url);
}

class FakeDate extends Date {
  constructor(...given) {
    super(...(given.length ? given : [moment]));
  }
  static now() {
    return moment;
  }
}

const listeners = {};
const self = {
  addEventListener: (kind, listener) => (listeners[kind] = listener),
  location: new URL(HERE),
  registration: {},
  clients: { claim: async () => undefined },
  skipWaiting: async () => undefined,
};
const settings = 'const SETTINGS = { version: "v2", shell: ["/static/css/base.css?v=1"], locale: "en", timezone: "Africa/Johannesburg" };\n';
const world = { self, caches, fetch: network, Response, Headers, URL, Date: FakeDate, Intl, console };
vm.runInNewContext(settings + readFileSync(scriptPath, "utf8"), world);

async function lifecycle(kind) {
  const waits = [];
  listeners[kind]({ waitUntil: (promise) => waits.push(promise) });
  await Promise.all(waits);
}

/** Ask as a browser does; `null` when the worker leaves the request alone. */
async function ask(path, { method = "GET", mode = "navigate" } = {}) {
  const waits = [];
  let answer = null;
  const request = { url: new URL(path, HERE).href, method, mode };
  listeners.fetch({ request, preloadResponse: Promise.resolve(undefined), waitUntil: (promise) => waits.push(promise), respondWith: (promise) => (answer = promise) });
  const got = answer && (await answer);
  await Promise.all(waits);
  return got && { status: got.status, text: await got.clone().text(), ok: got.ok };
}

const scenarios = {
  async reads_a_kept_page_offline() {
    await ask("/promotions?sort=name");
    moment += 5 * 60_000;
    online = false;
    return { known: await ask("/promotions?sort=name#x"), other: await ask("/promotions"), asked };
  },
  async tells_the_day_of_an_older_page() {
    await ask("/");
    moment += 26 * 3600_000;
    online = false;
    return (await ask("/")).text;
  },
  async forgets_after_a_week() {
    await ask("/");
    moment += 7 * 24 * 3600_000 + 1;
    online = false;
    return { text: (await ask("/")).text, kept: kept() };
  },
  async the_network_comes_first() {
    await ask("/");
    answerOf = () => new Response("newer", { headers: { "X-Offline-Owner": "ann" } });
    return (await ask("/")).text;
  },
  async keeps_nothing_that_the_server_does_not_mark() {
    owner = "";
    await ask("/settings/users");
    owner = "ann";
    answerOf = () => new Response("gone", { status: 404, headers: { "X-Offline-Owner": "ann" } });
    await ask("/nowhere");
    return kept();
  },
  async leaves_programs_and_files_alone() {
    const left = {};
    for (const path of ["/api/v1/promotions", "/promotions?format=csv", "/imports/imp_1/errors.csv", "/ws"]) left[path] = await ask(path);
    left.fragment = await ask("/promotions", { mode: "cors" });
    left.post = await ask("/promotions/new", { method: "POST" });
    left.elsewhere = await ask("https://other.example/");
    return { left, kept: kept() };
  },
  async signing_out_empties() {
    await ask("/");
    const before = kept();
    const left = await ask("/sign-out", { method: "POST" });
    return { before, left, after: kept() };
  },
  async the_door_empties() {
    await ask("/");
    owner = "";
    await ask("/sign-in?next=/");
    return kept();
  },
  async another_person_empties() {
    await ask("/");
    await ask("/sales");
    owner = "bob";
    await ask("/customers");
    return kept();
  },
  async an_answer_on_its_way_is_not_kept_after_signing_out() {
    let release;
    hold = new Promise((done) => (release = done));
    const late = ask("/promotions");
    await ask("/sign-out", { method: "POST" });
    release();
    await late;
    return kept();
  },
  async keeps_the_last_thirty() {
    for (let number = 0; number < 35; number += 1) await ask(`/promotions/prm_${number}`);
    await ask("/promotions/prm_20");
    const [pages] = Object.values(kept());
    return { count: pages.length, first: pages[0], last: pages.at(-1) };
  },
  async a_page_that_cannot_say_its_age_is_not_shown() {
    const unlabelled = new Response("<html><p>no label</p>", { headers: { "X-Offline-Owner": "ann" } });
    answerOf = (url) => (url.endsWith("/offline") ? new Response("not kept") : unlabelled.clone());
    await lifecycle("install");
    await ask("/");
    const before = kept();
    online = false;
    return { before, text: (await ask("/")).text };
  },
  async a_new_version_drops_what_is_older() {
    await caches.open("shell-v1");
    await caches.open("pages-v1-ann");
    await caches.open("pages-v2-ann");
    await lifecycle("install");
    await lifecycle("activate");
    return await caches.keys();
  },
  async the_shell_is_there_offline() {
    answerOf = (url) => new Response(`of ${url.replace(HERE, "")}`);
    await lifecycle("install");
    const before = asked.length;
    const online_ = await ask("/static/css/base.css?v=1", { mode: "no-cors" });
    const saved = asked.length === before;
    await ask("/static/js/chart.js?v=9", { mode: "cors" });
    online = false;
    const later = await ask("/static/js/chart.js?v=9", { mode: "cors" });
    return { saved, text: online_.text, later: later.text, unknown: (await ask("/promotions")).text };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
