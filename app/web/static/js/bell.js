// The bell: asks for what needs this person once the page stands, again when an event says that it may have changed, and tells
// the server what was shown when it is opened.

const OWN_WAIT = 300;
const OTHERS_WAIT = 24_000; // an import tells much about many promotions; the number at the bell may follow slowly

export async function start(bell, app) {
  const summary = bell.querySelector("summary");
  const number = bell.querySelector("[data-part=count]");
  const list = bell.querySelector("[data-part=list]");
  const [own, ...others] = bell.dataset.topics.split(" ");
  let timer = 0;
  let dueAt = Infinity;
  let missed = false;

  const count = (unseen) => {
    number.hidden = unseen === 0;
    number.textContent = unseen > 99 ? "99+" : String(unseen);
    summary.setAttribute("aria-label", unseen ? bell.dataset.labelNew.replace("{count}", unseen) : bell.dataset.label);
  };

  const ask = async () => {
    dueAt = Infinity;
    const reading = bell.open && list.contains(document.activeElement);
    missed = document.hidden || reading;
    if (missed) return;
    try {
      const answer = await fetch("/notifications", { headers: { "X-Panel": "1" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector(".notices");
      if (!found) return;
      list.replaceChildren(document.adoptNode(found));
      count(Number(found.dataset.new));
      if (bell.open) tellSeen();
    } catch {
      // The strip already says that the connection is lost; the next event asks again.
    }
  };

  const askWithin = (wait) => {
    const at = performance.now() + wait * (0.75 + Math.random() / 2); // not every open page at the same moment
    if (at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(ask, at - performance.now());
  };

  const tellSeen = async () => {
    const form = list.querySelector("form");
    if (!form || number.hidden) return;
    const unseen = Number(number.textContent.replace("+", ""));
    count(0);
    const asked = { method: "POST", body: new FormData(form), headers: { "X-Panel": "1" }, keepalive: true };
    const told = await fetch(form.action, asked).catch(() => null);
    if (!told?.ok) count(unseen);
  };

  bell.addEventListener("toggle", () => {
    if (bell.open) tellSeen();
    else if (missed) ask();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && missed) ask();
  });

  await standing();
  ask();
  const { live } = await app.load("live");
  const socket = await live(app);
  socket.subscribe(own, () => askWithin(OWN_WAIT));
  for (const topic of others) {
    socket.subscribe(topic, (message) => {
      if (message.event !== "job.progress") askWithin(OTHERS_WAIT);
    });
  }
}

// After everything that the page itself needs: loaded, drawn, and nothing else to do.
async function standing() {
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  await new Promise((done) => (window.requestIdleCallback ? requestIdleCallback(done, { timeout: 2000 }) : setTimeout(done, 200)));
}
