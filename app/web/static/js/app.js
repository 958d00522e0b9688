// The start of every page: finds what the page needs and loads only those modules.
// Modules share one version (the folder's hash in this file's address) and get `app` instead of importing each other.

const version = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${version}`);
const words = document.getElementById("words")?.dataset ?? {};

const app = {
  load,
  words,
  cookie(name, value) {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax${secure}`;
  },
  csrf: () => document.querySelector("input[name=csrf_token]")?.value ?? "",
  toast(text, tone = "") {
    const region = document.getElementById("toasts");
    if (!region) return;
    const toast = document.createElement("p");
    toast.className = `toast ${tone ? `toast-${tone}` : ""}`;
    toast.textContent = text;
    region.append(toast);
    setTimeout(() => toast.remove(), 6000);
  },
  icon(name) {
    const source = document.querySelector(`#icons-${name}`);
    return source ? source.content.firstElementChild.cloneNode(true) : document.createTextNode("");
  },
  start: startModules,
};

const started = new WeakSet();

function startModules(root = document) {
  const found = [...root.querySelectorAll("[data-module]")];
  if (root instanceof Element && root.matches("[data-module]")) found.unshift(root);
  const starting = [];
  for (const element of found) {
    if (started.has(element)) continue;
    started.add(element);
    for (const name of element.dataset.module.split(" ")) starting.push(startModule(name, element));
  }
  return starting;
}

async function startModule(name, element) {
  try {
    const module = await load(name);
    await module.start(element, app);
  } catch (error) {
    console.error(`module ${name} did not start`, error);
  }
}

function dialogs(event) {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) document.getElementById(closer.dataset.closes)?.close();
  const dialog = event.target;
  if (dialog instanceof HTMLDialogElement && event.detail) {
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  }
}

function menus(event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

function menuKeys(event) {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.target.matches("select, input[type=date], input[type=radio]")) {
    const items = [...menu.querySelectorAll("a, button, input:not([type=hidden]), select")].filter((item) => item.offsetParent);
    if (!items.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    event.preventDefault();
  }
}

function copies(event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent.trim();
  navigator.clipboard?.writeText(text).then(() => {
    const label = button.querySelector("span");
    label.textContent = words.copied;
    app.toast(words.copied, "good");
  });
}

document.addEventListener("click", dialogs);
document.addEventListener("click", menus);
document.addEventListener("click", copies);
document.addEventListener("keydown", menuKeys);
document.addEventListener("htmx:load", (event) => startModules(event.detail.elt));
document.addEventListener("htmx:responseError", () => app.toast(words.failed, "bad"));
document.addEventListener("htmx:sendError", () => app.toast(words.failed, "bad"));

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
for (const button of document.querySelectorAll("[data-back]")) {
  button.hidden = history.length < 2;
  button.addEventListener("click", () => history.back());
}

const inShell = document.body.classList.contains("shell");
const everywhere = inShell ? ["forms", "frame", "palette", "panel", "live", "offline"] : ["forms"];
const starting = [...everywhere.map((name) => startModule(name, document)), ...startModules()];
Promise.all(starting).then(() => (document.documentElement.dataset.started = ""));
