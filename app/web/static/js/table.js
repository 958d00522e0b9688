// A table's rows: click opens the side panel, arrows move, Space previews, Enter follows the row's link. Columns are remembered.

export function start(region, app) {
  region.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, label, summary, form")) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href);
    else if ("panel" in row.dataset) open(row);
    else location.assign(row.dataset.href);
  });

  region.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.matches("input, select, textarea, summary, button")) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
      const link = next?.querySelector("a");
      if (!link) return;
      event.preventDefault();
      link.focus();
      if (!document.getElementById("panel").hidden) open(next);
    }
    if (event.key === " " && "panel" in row.dataset) {
      event.preventDefault();
      open(row);
    }
  });

  const scroll = region.querySelector(".table-scroll");
  const fit = () => scroll.classList.toggle("table-fits", scroll.firstElementChild.offsetWidth <= scroll.clientWidth);
  new ResizeObserver(fit).observe(scroll);

  const columns = region.querySelector("form[data-columns]");
  columns?.addEventListener("change", () => {
    const chosen = [...columns.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.value).join("~");
    app.cookie(region.dataset.columnsCookie, chosen);
    const address = new URL(location.href);
    address.searchParams.delete("cols");
    refresh(region, address.pathname + address.search, true);
  });

  function open(row) {
    region.querySelectorAll(".row-open").forEach((other) => other.classList.remove("row-open"));
    row.classList.add("row-open");
    document.dispatchEvent(new CustomEvent("panel:open", { detail: { href: row.dataset.href, from: row } }));
  }
}

function refresh(region, address, keepMenu) {
  if (!window.htmx) {
    location.assign(address);
    return;
  }
  window.htmx.ajax("GET", address, { source: region, target: region, select: `#${region.id}`, swap: "outerHTML" }).then(() => {
    const menu = document.querySelector(`#${region.id} form[data-columns]`)?.closest("details");
    if (keepMenu && menu) menu.open = true;
  });
}
