// Follows a log: the lines are fetched again while somebody looks. Who has scrolled up is reading: nothing moves until they are
// back at the end (where a box that is laid out from its end has its zero).
const PAUSE = 2000;
const READING = 24; // pixels from the end

for (const place of document.querySelectorAll("[data-log]")) follow(place);

async function follow(place) {
  for (;;) {
    if (!document.hidden && place.scrollTop > -READING) await refresh(place).catch(() => place.classList.add("stale"));
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

async function refresh(place) {
  const answer = await fetch(place.dataset.log);
  if (answer.redirected) location.reload(); // signed out meanwhile
  if (!answer.ok) throw new Error(String(answer.status));
  const text = await answer.text();
  place.classList.remove("stale");
  if (place.dataset.shown === text) return;
  place.dataset.shown = text;
  place.innerHTML = text;
}
