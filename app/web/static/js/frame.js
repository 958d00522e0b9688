// The frame's own controls: theme, rail, row height, the menu on a phone. Choices live in cookies, so the server draws them.

export function start(root, app) {
  const page = document.documentElement;

  root.querySelector("[data-theme-switch]")?.addEventListener("change", (event) => {
    page.dataset.theme = event.target.value;
    app.cookie("theme", event.target.value);
    document.dispatchEvent(new CustomEvent("theme"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("theme")));

  const toggle = root.querySelector("[data-rail-toggle]");
  const foldRail = () => {
    const collapsed = page.dataset.rail !== "collapsed";
    if (collapsed) page.dataset.rail = "collapsed";
    else delete page.dataset.rail;
    toggle.setAttribute("aria-expanded", String(!collapsed));
    app.cookie("rail", collapsed ? "collapsed" : "open");
    dispatchEvent(new Event("resize"));
  };
  toggle?.setAttribute("aria-expanded", String(page.dataset.rail !== "collapsed"));
  toggle?.addEventListener("click", foldRail);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-density-toggle]")) return;
    const compact = page.dataset.density !== "compact";
    page.dataset.density = compact ? "compact" : "comfortable";
    app.cookie("density", page.dataset.density);
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea, [contenteditable]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "[") foldRail();
    if (event.key === "?") document.getElementById("keys")?.showModal();
    if (event.key === "Escape" && location.hash === "#rail") location.hash = "";
  });
}
