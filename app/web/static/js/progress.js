// A job's progress: live over the WebSocket, by asking every two seconds when that says nothing; then leads to the result.

const POLL_EVERY = 2000;
const FINAL = new Set(["done", "finished", "failed", "cancelled"]);

export async function start(element, app) {
  const bar = element.querySelector("progress");
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const started = performance.now();
  let firstDone = null;
  let lastHeard = 0;
  let over = false;

  const show = (job) => {
    if (over) return;
    lastHeard = performance.now();
    const done = Number(job.done ?? job.progress?.done ?? 0);
    const total = Number(job.total ?? job.progress?.total ?? 0);
    firstDone ??= done;
    if (total) {
      bar.max = total;
      bar.value = done;
      part("count").textContent = `${written(done)} / ${written(total)}`;
    }
    const label = job.label ?? job.step ?? job.message;
    if (label) part("label").textContent = label;
    part("note").textContent = remaining(done, total);
    if (FINAL.has(job.status ?? job.state)) finish(job);
  };

  const remaining = (done, total) => {
    const seconds = (performance.now() - started) / 1000;
    const speed = (done - firstDone) / seconds;
    if (!total || seconds < 2 || speed <= 0) return "";
    const left = (total - done) / speed;
    const time = left < 60 ? `${Math.max(1, Math.round(left))} s` : `${Math.round(left / 60)} min`;
    return app.words.estimate.replace("{time}", time);
  };

  const finish = (job) => {
    over = true;
    clearInterval(timer);
    const failed = (job.status ?? job.state) === "failed";
    element.classList.toggle("progress-bad", failed);
    if (!failed && bar.max) bar.value = bar.max;
    part("note").textContent = failed ? (job.error ?? app.words.failed) : "";
    document.dispatchEvent(new CustomEvent("job:over", { detail: job }));
    if (element.dataset.done) setTimeout(() => location.assign(element.dataset.done), failed ? 1200 : 350);
  };

  // Nobody knows the job any more: the page itself knows how it ended.
  const forgotten = () => {
    over = true;
    clearInterval(timer);
    if (element.dataset.done) location.assign(element.dataset.done);
  };

  const ask = async () => {
    if (over || performance.now() - lastHeard < POLL_EVERY) return;
    try {
      const answer = await fetch(element.dataset.poll, { headers: { Accept: "application/json" } });
      if (answer.ok) show(await answer.json());
      else if (answer.status === 404) forgotten();
    } catch {
      // The strip already says that the connection is lost; the next turn asks again.
    }
  };
  const timer = setInterval(ask, POLL_EVERY);

  const { live } = await app.load("live");
  const socket = await live(app);
  socket.subscribe(`jobs/${element.dataset.job}`, (message) => (message.data ? show(message.data) : ask()));
  ask();
}

const written = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
