// Pages for times without a connection: starts the service worker once the page stands, the switch in the person menu, and what
// a page that was kept does when the connection is back. Browsers offer none of it without TLS, or with a certificate they do not
// trust; then nothing is kept and everything else works.

const OFF = "offline=off";

export function start(root, app) {
  if ("kept" in document.documentElement.dataset) addEventListener("online", () => location.reload());
  const workers = navigator.serviceWorker;
  if (!workers || !window.isSecureContext) return;
  const wanted = () => !document.cookie.split("; ").includes(OFF);

  const register = () => workers.register("/service-worker.js").catch((error) => console.info("no pages are kept for offline:", error.message));
  const remove = async () => {
    const registration = await workers.getRegistration("/");
    await registration?.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
  };

  const place = root.querySelector("[data-offline-switch]");
  const box = place?.querySelector("input");
  if (place) place.hidden = false;
  box?.addEventListener("change", async () => {
    app.cookie("offline", box.checked ? "on" : "off");
    await (box.checked ? register() : remove());
    app.toast(box.checked ? place.dataset.on : place.dataset.off, "good");
  });

  const settled = () => (window.requestIdleCallback ? requestIdleCallback : setTimeout)(wanted() ? register : () => undefined);
  if (document.readyState === "complete") settled();
  else addEventListener("load", settled, { once: true });
}
