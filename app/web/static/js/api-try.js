// The API page: sends what the form says, as the person who is signed in, and shows the answer as it came.

export function start(root, app) {
  root.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-part=try]");
    if (!form) return;
    event.preventDefault();
    send(form, root, app);
  });
}

async function send(form, root, app) {
  const shown = form.parentElement.querySelector("[data-part=answer]");
  const status = shown.querySelector("[data-part=status]");
  const text = shown.querySelector("[data-part=text]");
  shown.hidden = false;
  status.textContent = root.dataset.sending;
  text.textContent = "";
  try {
    const answer = await fetch(address(form), request(form, app));
    status.textContent = `${answer.status} ${answer.statusText}`;
    text.textContent = pretty(await answer.text());
  } catch {
    status.textContent = root.dataset.failed;
  }
}

function address(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-in]")) {
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.dataset.in === "query" && input.value !== "") query.append(input.name, input.value);
  }
  return query.size ? `${path}?${query}` : path;
}

function request(form, app) {
  const headers = { "X-CSRF-Token": app.csrf(), Accept: "application/json" };
  const body = form.querySelector("[data-part=body]");
  const file = form.querySelector("input[type=file]");
  if (body) return { method: form.dataset.method, headers: { ...headers, "Content-Type": "application/json" }, body: body.value };
  if (!file) return { method: form.dataset.method, headers };
  const fields = new FormData();
  fields.append("file", file.files[0]);
  for (const line of form.querySelector("[data-part=fields]").value.split("\n")) {
    const [name, ...value] = line.split("=");
    if (name.trim()) fields.append(name.trim(), value.join("=").trim());
  }
  return { method: form.dataset.method, headers, body: fields };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
