// The sliders of the what-if page: what they come to follows as they are dragged. Without scripts the form is sent.

const PAUSE = 60; // milliseconds without movement before the question is asked
const SLIDERS = "input[type=range]";

export function start(form, app) {
  const answer = document.getElementById("what-if-answer");
  form.querySelector(".planner-submit").hidden = true;
  let timer = 0;
  let asking = null;

  const ask = async () => {
    asking?.abort();
    const mine = (asking = new AbortController());
    const values = new URLSearchParams(new FormData(form));
    const began = performance.now();
    answer.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(`${form.dataset.answer}?${values}`, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (response.redirected || !(response.headers.get("content-type") ?? "").startsWith("text/html")) {
        location.assign(`${form.getAttribute("action")}?${values}`);
        return;
      }
      const text = await response.text();
      if (mine !== asking) return;
      show(new DOMParser().parseFromString(text, "text/html").getElementById("answer-body"), app);
      history.replaceState(history.state, "", `${form.getAttribute("action")}?${values}`);
      answer.dataset.answeredIn = String(Math.round(performance.now() - began));
    } catch (error) {
      if (error.name !== "AbortError") app.toast(app.words.failed, "bad");
    } finally {
      if (mine === asking) answer.setAttribute("aria-busy", "false");
    }
  };

  form.addEventListener("input", (event) => {
    if (event.target.matches(SLIDERS)) tell(event.target);
    clearTimeout(timer);
    timer = setTimeout(ask, event.target.matches("input[type=text]") ? 350 : PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    ask();
  });
  form.querySelectorAll(SLIDERS).forEach(tell);
}

/** The slider's value in words, beside it and for whoever cannot see it. */
function tell(slider) {
  const output = slider.parentElement.querySelector("output");
  output.value = `${slider.value}${output.dataset.unit}`;
  slider.setAttribute("aria-valuetext", output.value);
}

/** Puts the new figures in the place of the old; charts move to theirs, and what is being typed stays. */
function show(fresh, app) {
  const body = document.getElementById("answer-body");
  if (!fresh || body.dataset.status !== fresh.dataset.status || !body.querySelector("#answer-figures") || !fresh.querySelector("#answer-figures")) {
    if (!fresh) return;
    body.replaceWith(fresh);
    app.start(fresh);
    return;
  }
  for (const part of fresh.querySelectorAll("[data-swap]")) {
    const there = document.getElementById(part.id);
    const chart = there.querySelector("figure.chart");
    if (chart) move(chart, part.querySelector("figure.chart"));
    else if (part.id !== "draft-reason" || there.children.length !== part.children.length) there.replaceChildren(...part.childNodes);
  }
}

function move(chart, fresh) {
  const spec = (figure) => figure.querySelector("script[type='application/json']");
  spec(chart).textContent = spec(fresh).textContent;
  chart.querySelector("[data-part=table]").replaceChildren(...fresh.querySelector("[data-part=table]").childNodes);
  chart.dispatchEvent(new CustomEvent("chart:spec", { detail: JSON.parse(spec(fresh).textContent) }));
}
