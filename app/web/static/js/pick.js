// Ticked rows: the bar of actions shows while there are any, all rows of the page are ticked at once, `x` ticks the row one is on,
// and what was ticked stays so when the table is drawn again.

const ticked = new Map(); // the ids that are ticked, by table

const idOf = (box) => box.value.split("~")[0];

export function start(region, app) {
  const boxes = [...region.querySelectorAll("input[name=chosen]")];
  const all = region.querySelector("[data-pick-all]");
  const bar = region.querySelector("[data-picked]");
  const count = bar.querySelector("[data-part=count]");
  const none = bar.querySelector("[data-part=none]");

  const show = () => {
    const chosen = boxes.filter((box) => box.checked);
    ticked.set(region.id, new Set(chosen.map(idOf)));
    const words = chosen.length === 1 ? count.dataset.one : count.dataset.many;
    count.textContent = chosen.length ? words.replace("{count}", chosen.length) : "";
    bar.classList.toggle("table-picked-some", chosen.length > 0);
    all.checked = chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  };
  const set = (checked) => {
    for (const box of boxes) box.checked = checked;
    show();
  };

  const before = ticked.get(region.id) ?? new Set();
  for (const box of boxes) box.checked ||= before.has(idOf(box));
  all.hidden = none.hidden = false;
  show();

  all.addEventListener("change", () => set(all.checked));
  none.addEventListener("click", () => {
    set(false);
    all.focus();
  });
  region.addEventListener("change", (event) => event.target.name === "chosen" && show());
  region.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    event.target.closest("tr")?.querySelector("input[name=chosen]")?.click();
  });
}
