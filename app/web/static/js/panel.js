// The side panel: shows a page (asked for with X-Panel) beside the list it was opened from.

export function start(root, app) {
  const panel = document.getElementById("panel");
  let from = null;
  let asked = null;

  document.addEventListener("panel:open", async (event) => {
    const { href } = event.detail;
    const keepFocus = !panel.hidden;
    from = event.detail.from;
    asked?.abort();
    asked = new AbortController();
    frame(href);
    panel.hidden = false;
    if (!keepFocus) panel.querySelector("[data-part=close]").focus();
    try {
      const answer = await fetch(href, { headers: { "X-Panel": "1" }, signal: asked.signal });
      const text = await answer.text();
      if (!answer.ok || answer.redirected) {
        location.assign(href);
        return;
      }
      const parsed = new DOMParser().parseFromString(text, "text/html");
      const page = parsed.querySelector(".panel-page") ?? parsed.querySelector("main");
      panel.querySelector("[data-part=body]").replaceChildren(document.adoptNode(page));
      window.htmx?.process(panel);
      app.start(panel);
    } catch (error) {
      if (error.name !== "AbortError") app.toast(app.words.failed, "bad");
    }
  });

  function frame(href) {
    const bar = document.createElement("div");
    bar.className = "panel-bar";
    const page = document.createElement("a");
    page.className = "button button-plain button-small";
    page.href = href;
    page.textContent = app.words.openPage;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "button button-quiet button-small";
    close.dataset.part = "close";
    close.textContent = app.words.close;
    close.addEventListener("click", hide);
    bar.append(page, close);
    const body = document.createElement("div");
    body.dataset.part = "body";
    const skeleton = document.createElement("div");
    skeleton.className = "skeleton panel-page";
    for (let line = 0; line < 6; line += 1) {
      const bone = document.createElement("span");
      bone.className = "skeleton-line";
      skeleton.append(bone);
    }
    body.append(skeleton);
    const busy = !panel.hidden && panel.querySelector(".panel-page:not(.skeleton)");
    if (busy) {
      panel.querySelector(".panel-bar").replaceWith(bar);
    } else {
      panel.replaceChildren(bar, body);
    }
  }

  function hide() {
    if (panel.hidden) return;
    asked?.abort();
    panel.hidden = true;
    panel.replaceChildren();
    document.querySelectorAll(".row-open").forEach((row) => row.classList.remove("row-open"));
    from?.querySelector("a")?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) hide();
  });
  document.addEventListener("click", (event) => {
    if (panel.hidden || panel.contains(event.target) || event.target.closest("dialog, tr[data-panel]")) return;
    hide();
  });
}
