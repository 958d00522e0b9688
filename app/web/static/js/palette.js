// Search for anything: `/` or Ctrl-K. Asks /search for JSON while one types; pages are found without asking.

export function start(root, app) {
  const dialog = document.getElementById("palette");
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const field = document.getElementById("search");
  const pages = [...document.querySelectorAll(".rail a.rail-item")].map((link) => ({ title: link.textContent.trim(), href: link.getAttribute("href"), icon: link.querySelector("svg") }));
  const iconOf = (href) => document.querySelector(`.rail a[href="${href}"] svg`);
  const pagesTitle = document.querySelector("#rail")?.getAttribute("aria-label") ?? "";
  let timer;
  let asked;
  let chosen = 0;

  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    show([], input.value);
    if (input.value.trim().length > 1) ask();
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea, [contenteditable]");
    if ((event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing)) {
      event.preventDefault();
      open();
    }
  });
  field?.addEventListener("mousedown", (event) => {
    event.preventDefault();
    open();
  });
  field?.addEventListener("keydown", (event) => {
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      input.value = event.key;
      open();
      input.setSelectionRange(1, 1);
    }
  });

  input.addEventListener("input", () => {
    clearTimeout(timer);
    show(null, input.value);
    timer = setTimeout(ask, 120);
  });

  input.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("[role=option]")];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (items.length) choose((chosen + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length);
    }
    if (event.key === "Escape") {
      event.preventDefault(); // a search field would only empty itself
      dialog.close();
    }
    if (event.key === "Enter") {
      event.preventDefault();
      if (items[chosen]) location.assign(items[chosen].getAttribute("href"));
      else if (input.value.trim()) location.assign(`/search?q=${encodeURIComponent(input.value.trim())}`);
    }
  });

  async function ask() {
    const text = input.value.trim();
    asked?.abort();
    if (text.length < 2) {
      show([], text);
      return;
    }
    asked = new AbortController();
    try {
      const answer = await fetch(`/search?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" }, signal: asked.signal });
      if (!answer.ok) throw new Error(`search answered ${answer.status}`);
      show((await answer.json()).groups, text);
    } catch (error) {
      if (error.name !== "AbortError") show([], text, app.words.failed);
    }
  }

  let last = [];
  function show(groups, text, problem = "") {
    if (groups !== null) last = groups;
    const wanted = text.trim().toLowerCase();
    const places = pages.filter((page) => !wanted || page.title.toLowerCase().includes(wanted));
    const all = places.length ? [...last, { title: pagesTitle, items: places }] : last;
    list.replaceChildren();
    let index = 0;
    for (const group of all) {
      const section = document.createElement("div");
      section.setAttribute("role", "group");
      section.setAttribute("aria-label", group.title);
      const heading = document.createElement("div");
      heading.className = "palette-group";
      heading.setAttribute("aria-hidden", "true");
      heading.textContent = group.title;
      section.append(heading);
      for (const item of group.items) {
        const link = document.createElement("a");
        link.className = "palette-item";
        link.href = item.href;
        link.id = `palette-${index}`;
        link.setAttribute("role", "option");
        link.tabIndex = -1;
        const icon = item.icon ?? iconOf(group.href);
        if (icon) link.append(icon.cloneNode(true));
        const title = document.createElement("span");
        title.textContent = item.title;
        link.append(title);
        if (item.note) {
          const note = document.createElement("span");
          note.className = "quiet";
          note.textContent = item.note;
          link.append(note);
        }
        section.append(link);
        index += 1;
      }
      list.append(section);
    }
    if (!index) {
      const none = document.createElement("p");
      none.className = "palette-none";
      none.textContent = problem || (groups === null ? app.words.loading : app.words.nothing);
      list.append(none);
    }
    choose(0);
  }

  function choose(index) {
    chosen = index;
    list.querySelectorAll("[role=option]").forEach((item, place) => {
      item.setAttribute("aria-selected", String(place === index));
      if (place === index) {
        input.setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      }
    });
  }
}
