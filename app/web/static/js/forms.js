// Forms: focus on the error summary, confirm what is dangerous, keep drafts, send once, drop files, filters as one types.

const DRAFT_PREFIX = "draft:";
const SCOPE = new Set(["from", "to", "customer"]);

export function start(root, app) {
  root.querySelector("[data-autofocus]")?.focus();
  document.addEventListener("submit", confirmFirst(app), true);
  document.addEventListener("submit", (event) => sendOnce(event, app));
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
  document.addEventListener("click", focusField);
  for (const form of document.querySelectorAll("form[data-draft]")) keepDraft(form, app);
  for (const form of document.querySelectorAll("form[data-filters]")) filterLive(form);
}

function focusField(event) {
  const link = event.target.closest(".form-errors a[href^='#field-']");
  const field = link && document.querySelector(link.getAttribute("href"));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
}

function confirmFirst(app) {
  return (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.getElementById("confirm");
    dialog.querySelector("[data-part=text]").textContent = form.dataset.confirm;
    dialog.querySelector("[data-part=yes]").textContent = form.dataset.confirmLabel || "OK";
    dialog.returnValue = "";
    dialog.addEventListener(
      "close",
      () => {
        if (dialog.returnValue !== "yes") return;
        form.dataset.confirmed = "yes";
        form.requestSubmit();
      },
      { once: true },
    );
    dialog.showModal();
  };
}

function sendOnce(event, app) {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (!navigator.onLine || "kept" in document.documentElement.dataset) {
    event.preventDefault();
    app.toast(app.words.offline, "bad");
    return;
  }
  if (event.submitter && "again" in event.submitter.dataset) return; // answers with a file; the page stays and may ask again
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  if (form.dataset.draft) sessionStorage.removeItem(DRAFT_PREFIX + form.dataset.draft);
}

function keepDraft(form, app) {
  const key = DRAFT_PREFIX + form.dataset.draft;
  const fields = () => [...form.elements].filter((field) => field.name && !["hidden", "password", "file", "submit"].includes(field.type));
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  if (kept && !form.querySelector(".form-errors")) {
    let restored = false;
    for (const field of fields()) {
      const name = field.type === "radio" || field.type === "checkbox" ? `${field.name}=${field.value}` : field.name;
      if (!(name in kept)) continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = kept[name];
      else if (field.value !== kept[name] && !typed(field)) {
        field.value = kept[name];
        restored = true;
      }
    }
    if (restored) app.toast(app.words.restored);
  }
  form.addEventListener("input", () => {
    const values = {};
    for (const field of fields()) {
      if (field.type === "radio" || field.type === "checkbox") values[`${field.name}=${field.value}`] = field.checked;
      else values[field.name] = field.value;
    }
    sessionStorage.setItem(key, JSON.stringify(values));
  });
}

// Whether somebody was quicker than the scripts: what they wrote or chose counts.
function typed(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.type === "select-one") return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  return field.value !== (field.defaultValue ?? field.value);
}

// Filters apply as they change; the table alone is swapped and the address follows.
function filterLive(form) {
  let timer;
  const apply = () => {
    const values = new URLSearchParams();
    // An empty period or customer is sent too: it says "not the one in the top bar".
    for (const [name, value] of new FormData(form)) if (value || SCOPE.has(name)) values.append(name, value);
    const address = `${form.getAttribute("action")}${values.size ? `?${values}` : ""}`;
    const table = document.getElementById(form.dataset.table);
    if (!table || !window.htmx) {
      location.assign(address);
      return;
    }
    window.htmx.ajax("GET", address, { source: table, target: table, select: `#${table.id}`, swap: "outerHTML", push: address });
    history.replaceState(history.state, "", address);
    for (const field of form.elements) field.classList.toggle("input-set", field.type !== "search" && Boolean(field.value) && field.matches("select, [type=date]"));
  };
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(apply, event.target.type === "search" ? 220 : 0);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    apply();
  });
  if ([...form.elements].some(typed)) apply();
}
