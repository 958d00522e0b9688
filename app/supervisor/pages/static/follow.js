// Follows the state: when the supervisor says that something changed, the part of the page that shows it is fetched anew.
const place = document.getElementById("state");
const lost = document.getElementById("lost");

async function refresh() {
  const answer = await fetch(place.dataset.from, { headers: { Accept: "text/html" } });
  if (answer.redirected) location.reload(); // signed out meanwhile
  if (!answer.ok) throw new Error(String(answer.status));
  const focused = document.activeElement?.getAttribute("href");
  place.innerHTML = await answer.text();
  if (focused && place.querySelector(`a[href="${CSS.escape(focused)}"]`)) place.querySelector(`a[href="${CSS.escape(focused)}"]`).focus();
  document.title = document.title.replace(/^.*?(?= · )/, place.querySelector("h1").textContent.trim());
}

function follow() {
  const source = new EventSource(place.dataset.follow);
  source.onmessage = () => refresh().then(() => { lost.hidden = true; }, () => { lost.hidden = false; });
  source.onerror = () => {
    lost.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 3000);
  };
}
follow();
