// The upload with its progress, and the mapping form that shows what a chosen column holds. Both work without this.

export function start(form, app) {
  if (form.dataset.part === "upload") upload(form, app);
  if (form.dataset.part === "mapping") mapping(form);
}

function upload(form, app) {
  const input = form.querySelector("input[type=file]");
  const progress = form.querySelector("[data-part=progress]");
  const bar = progress.querySelector("progress");
  const words = form.dataset;

  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (!file) return;
    event.preventDefault();
    if (file.size > Number(words.limit)) {
      app.toast(words.wordsLarge, "bad");
      return;
    }
    const sending = new XMLHttpRequest();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    progress.hidden = false;
    sending.upload.addEventListener("progress", (sent) => {
      bar.value = sent.lengthComputable ? (100 * sent.loaded) / sent.total : 0;
      progress.querySelector("[data-part=count]").textContent = `${Math.round(bar.value)} %`;
    });
    sending.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      progress.querySelector("[data-part=label]").textContent = words.wordsReading;
      progress.querySelector("[data-part=count]").textContent = "";
    });
    const stopped = () => {
      button.disabled = false;
      progress.hidden = true;
      app.toast(words.wordsLost, "bad");
    };
    sending.addEventListener("error", stopped);
    sending.addEventListener("abort", stopped);
    sending.addEventListener("load", () => answered(sending, app, stopped));
    sending.open("POST", form.action);
    sending.send(new FormData(form));
  });
}

function answered(sending, app, stopped) {
  const arrived = new URL(sending.responseURL || location.href);
  if (arrived.pathname !== location.pathname && sending.status < 400) {
    location.assign(arrived);
    return;
  }
  const page = new DOMParser().parseFromString(sending.responseText, "text/html");
  const main = page.getElementById("main");
  if (!main) {
    stopped();
    return;
  }
  const here = document.getElementById("main");
  here.replaceWith(document.adoptNode(main));
  app.start(main);
  main.querySelector("[data-autofocus]")?.focus();
}

function mapping(form) {
  const samples = JSON.parse(document.getElementById("import-samples").textContent);
  const selects = [...form.querySelectorAll("select[data-field]")];
  const unused = form.querySelector("[data-part=unused]");

  const show = () => {
    const used = new Map();
    for (const select of selects) {
      const values = select.value === "" ? [] : samples[Number(select.value)].values;
      form.querySelector(`[data-samples="${select.dataset.field}"]`).textContent = values.length ? values.join(" · ") : "–";
      if (select.value !== "") used.set(select.value, (used.get(select.value) ?? 0) + 1);
    }
    for (const select of selects) select.closest("tr").classList.toggle("mapping-twice", used.get(select.value) > 1);
    const names = samples.filter((column, index) => !used.has(String(index))).map((column) => column.name);
    unused.hidden = names.length === 0;
    unused.textContent = unused.dataset.words.replace("{names}", names.join(", "));
  };
  form.addEventListener("change", show);
}
