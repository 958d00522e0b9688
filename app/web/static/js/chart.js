// The one chart wrapper: draws what app/web/chart.py decided, in the page's colours, with its table, CSV and image.

const DAY = 86_400_000;
let library = null;

/** ECharts is loaded once, and only by pages that show a chart. */
function echarts(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.echarts);
    script.onerror = () => reject(new Error(`${address} did not load`));
    document.head.append(script);
  });
  return library;
}

export async function start(figure, app) {
  const part = (name) => figure.querySelector(`[data-part=${name}]`);
  let spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const canvas = part("canvas");
  const table = part("table");

  part("toggle").addEventListener("click", (event) => {
    const shown = table.hidden;
    table.hidden = !shown;
    canvas.hidden = shown;
    event.currentTarget.setAttribute("aria-pressed", String(shown));
  });
  part("csv").addEventListener("click", () => download(`${figure.dataset.name}.csv`, new Blob(["\ufeff", csvOf(table)], { type: "text/csv" })));

  const [library, more] = await Promise.all([echarts(figure.dataset.echarts), kinds[spec.kind] ? {} : app.load("chart-kinds")]);
  const chart = library.init(canvas, null, { renderer: "canvas" });
  let printing = false;
  const draw = () => chart.setOption(options(spec, colours(canvas), canvas.clientWidth, !printing, more), { notMerge: true });
  draw();
  // Other figures for the same picture: it moves there instead of starting again.
  figure.addEventListener("chart:spec", (event) => {
    spec = event.detail;
    chart.setOption(options(spec, colours(canvas), canvas.clientWidth, true, more), { replaceMerge: ["series"] });
  });
  new ResizeObserver(() => {
    if (!canvas.clientWidth) return;
    chart.resize();
    draw();
  }).observe(canvas);
  document.addEventListener("theme", draw);
  part("image").addEventListener("click", () => {
    const address = chart.getDataURL({ pixelRatio: 2, backgroundColor: colours(canvas).ground });
    const bytes = Uint8Array.from(atob(address.split(",")[1]), (letter) => letter.charCodeAt(0));
    download(`${figure.dataset.name}.png`, new Blob([bytes], { type: "image/png" }));
  });

  // On paper always light.
  let before = "";
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
    printing = true;
    draw();
  });
  addEventListener("afterprint", () => {
    document.documentElement.dataset.theme = before;
    printing = false;
    draw();
  });
}

/** The tokens as the canvas understands them; light-dark() and variables resolved by the browser. */
function colours(element) {
  const probe = document.createElement("span");
  element.append(probe);
  const resolve = (token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    ground: resolve("ground"),
    lift: resolve("ground-lift"),
    ink: resolve("ink"),
    quiet: resolve("ink-quiet"),
    line: resolve("line-strong"),
    grid: resolve("chart-grid"),
    actual: resolve("chart-actual"),
    baseline: resolve("chart-baseline"),
    band: resolve("chart-band"),
    gain: resolve("chart-gain"),
    loss: resolve("chart-loss"),
    window: resolve("chart-window"),
    series: ["chart-actual", "chart-gain", "chart-loss", "chart-2", "chart-3", "chart-4"].map(resolve),
  };
  probe.remove();
  return found;
}

const kinds = { baseline, lines, bars };
const tools = { timeAxis, valueAxis, middles, windowArea, tip, number };

function options(spec, colour, width, animated, more) {
  const made = (kinds[spec.kind] ?? more[spec.kind])(spec, colour, width, tools);
  return {
    animation: animated && !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 140,
    animationDurationUpdate: 140,
    useUTC: true,
    textStyle: { fontFamily: "Inter, system-ui, sans-serif", fontSize: 12, color: colour.quiet },
    ...made,
  };
}

const transparent = (colour, share) => colour.replace(/rgba?\(([^)]+)\)/, (_all, inner) => `rgba(${inner.split(",").slice(0, 3).join(",")}, ${share})`);

/** days: the first of each bar or point. A tick names the week it stands under, as long as there are few weeks. */
function timeAxis(colour, width, days) {
  const ticks = weekTicks(days, width);
  return {
    type: "time",
    boundaryGap: [0, 0],
    splitNumber: Math.max(3, Math.round(width / 110)),
    axisLine: { lineStyle: { color: colour.line } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: { color: colour.quiet, hideOverlap: true, formatter: { year: "{yyyy}", month: "{MMM}", day: "{d} {MMM}" }, ...ticks },
  };
}

const MOST_WEEKS = 27;

function weekTicks(days, width) {
  const x = middles(days);
  const week = x.length > 1 && x[1] - x[0] === 7 * DAY;
  if (!week || x.length > MOST_WEEKS) return {};
  const every = Math.ceil(x.length / Math.max(2, Math.floor((width - 60) / 64)));
  const names = new Intl.DateTimeFormat(language(), { day: "numeric", month: "short", timeZone: "UTC" });
  return { customValues: x.filter((_time, index) => index % every === 0), formatter: (time) => names.format(time - 3.5 * DAY) };
}

function valueAxis(colour, unit, fromZero = true) {
  return {
    type: "value",
    name: unit,
    nameTextStyle: { color: colour.quiet, align: "left", padding: [0, 0, 4, -4] },
    nameGap: 12,
    scale: !fromZero,
    splitNumber: 4,
    ...(unit === "%" ? { max: 100, interval: 25 } : {}),
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: colour.quiet, formatter: (value) => number(value) },
    splitLine: { lineStyle: { color: colour.grid } },
  };
}

/** Weekly values stand in the middle of their week, so that a window from Monday to Sunday covers them. */
function middles(days) {
  const times = days.map((day) => Date.parse(`${day}T00:00:00Z`));
  const gap = times.length > 1 ? Math.min(...times.slice(1).map((time, index) => time - times[index])) : 7 * DAY;
  const grain = gap >= 6 * DAY ? 7 * DAY : DAY;
  return times.map((time) => time + grain / 2);
}

function windowArea(windows, colour) {
  return {
    silent: true,
    itemStyle: { color: transparent(colour.window, 0.09) },
    label: { color: colour.quiet, fontSize: 11, position: "insideTop", distance: 2, backgroundColor: transparent(colour.ground, 0.8), padding: [2, 4], borderRadius: 3 },
    data: windows.map((one) => [
      { xAxis: Date.parse(`${one.start.slice(0, 10)}T00:00:00Z`), name: one.label },
      { xAxis: Date.parse(`${one.end.slice(0, 10)}T00:00:00Z`) + DAY },
    ]),
  };
}

function baseline(spec, colour, width) {
  const x = middles(spec.x);
  const pairs = (values) => values.map((value, index) => [x[index], value]);
  const inside = spec.x.map((day) => spec.windows.some((one) => day >= one.start && day <= one.end));
  const beside = inside.map((now, index) => now || inside[index - 1] || inside[index + 1]);
  const fills = spec.actual.map((actual, index) => actual !== null && spec.baseline[index] !== null && (!spec.windows.length || beside[index]));
  const floor = spec.actual.map((actual, index) => {
    if (!fills[index]) return null;
    return inside[index] || !spec.windows.length ? Math.min(actual, spec.baseline[index]) : actual;
  });
  const lift = spec.actual.map((actual, index) => (fills[index] ? actual - floor[index] : null));
  const spread = spec.high.map((high, index) => (high === null || spec.low[index] === null ? null : high - Math.max(0, spec.low[index])));
  const ghost = { type: "line", silent: true, symbol: "none", lineStyle: { opacity: 0 }, tooltip: { show: false }, stackStrategy: "all", connectNulls: false };
  const roomy = width > 560;
  // Two labels at the end of two lines: when the lines end close together, the labels step apart.
  const last = (values) => values.findLast((value) => value !== null) ?? 0;
  const gap = (last(spec.actual) - last(spec.baseline)) / (Math.max(...spec.actual, ...spec.baseline, 1) || 1);
  const apart = Math.abs(gap) < 0.06 ? (gap >= 0 ? -8 : 8) : 0;
  const label = (text, ink, shift) => ({ show: roomy, formatter: text, color: ink, fontWeight: 500, distance: 6, offset: [0, shift] });
  return {
    grid: { left: 8, right: roomy ? 68 : 12, top: 28, bottom: 8, containLabel: true },
    xAxis: timeAxis(colour, width, spec.x),
    yAxis: valueAxis(colour, spec.unit),
    tooltip: tip(colour, (index) => {
      const difference = spec.actual[index] === null || spec.baseline[index] === null ? null : spec.actual[index] - spec.baseline[index];
      const band = spec.low[index] === null ? "" : `${number(Math.max(0, spec.low[index]))} – ${number(spec.high[index])}`;
      return [
        spec.x[index],
        [
          [spec.words.actual, number(spec.actual[index])],
          [spec.words.baseline, number(spec.baseline[index])],
          [spec.words.band, band],
          [difference < 0 ? spec.words.below : spec.words.uplift, difference === null ? "–" : number(Math.abs(difference))],
        ],
      ];
    }, x),
    series: [
      { ...ghost, name: "low", stack: "band", data: pairs(spec.low.map((low) => (low === null ? null : Math.max(0, low)))) },
      { ...ghost, name: "band", stack: "band", data: pairs(spread), areaStyle: { color: colour.band, opacity: 0.7 } },
      { ...ghost, name: "floor", stack: "lift", data: pairs(floor) },
      { ...ghost, name: "lift", stack: "lift", data: pairs(lift), areaStyle: { color: colour.gain, opacity: 0.38 } },
      { type: "line", name: spec.words.baseline, data: pairs(spec.baseline), symbol: "none", lineStyle: { color: colour.baseline, width: 1.5, type: [5, 4] }, itemStyle: { color: colour.baseline }, endLabel: label(spec.words.baseline, colour.quiet, -apart) },
      { type: "line", name: spec.words.actual, data: pairs(spec.actual), symbol: spec.x.length > 40 ? "none" : "circle", symbolSize: 5, showSymbol: true, lineStyle: { color: colour.actual, width: 2 }, itemStyle: { color: colour.actual }, endLabel: label(spec.words.actual, colour.ink, apart), markArea: windowArea(spec.windows, colour) },
    ],
  };
}

function lines(spec, colour, width) {
  const x = middles(spec.x);
  const right = spec.series.find((one) => one.axis === "right");
  const direct = spec.series.length <= 2 && width > 560;
  return {
    grid: { left: 8, right: direct && !right ? 76 : 12, top: spec.series.length > 2 || right ? 44 : 28, bottom: 8, containLabel: true },
    legend: { show: spec.series.length > 2 || Boolean(right), top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 3, textStyle: { color: colour.quiet } },
    xAxis: timeAxis(colour, width, spec.x),
    yAxis: right ? [valueAxis(colour, spec.unit, spec.fromZero), { ...valueAxis(colour, right.unit ?? "", false), splitLine: { show: false }, nameTextStyle: { align: "right", color: colour.quiet } }] : valueAxis(colour, spec.unit, spec.fromZero),
    tooltip: tip(colour, (index) => [spec.x[index], spec.series.map((one) => [one.name, `${number(one.values[index])}${one.unit ? ` ${one.unit}` : ""}`])], x),
    series: spec.series.map((one, place) => ({ ...one, shade: shadeOf(spec, one, place, colour) })).map((one, place) => ({
      type: one.bar ? "bar" : "line",
      name: one.name,
      yAxisIndex: one.axis === "right" ? 1 : 0,
      data: one.values.map((value, index) => [x[index], value]),
      step: one.step ? "middle" : false,
      symbol: "none",
      connectNulls: false,
      barMaxWidth: 24,
      lineStyle: { color: one.shade, width: place ? 1.5 : 2, type: place % 2 ? [5, 3] : "solid" },
      itemStyle: { color: one.shade },
      endLabel: { show: direct && !right && !one.bar, formatter: one.name, color: colour.quiet, distance: 6 },
      labelLayout: { moveOverlap: "shiftY" },
      markArea: place ? undefined : windowArea(spec.windows, colour),
    })),
  };
}

/** Bars are filled and would weigh too much in ink: they take the blue, and a line over them the ink. */
function shadeOf(spec, one, place, colour) {
  if (one.bar) return colour.gain;
  return spec.series[0].bar ? colour.series[[0, 2, 3, 4, 5][(place - 1) % 5]] : colour.series[place % 6];
}

function bars(spec, colour) {
  return {
    grid: { left: 8, right: 56, top: 24, bottom: 4, containLabel: true },
    xAxis: { ...valueAxis(colour, ""), axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: {
      type: "category",
      inverse: true,
      name: spec.unit,
      nameLocation: "start",
      nameGap: 8,
      nameTextStyle: { color: colour.quiet, align: "right" },
      data: spec.labels,
      axisLine: { show: true, onZero: true, lineStyle: { color: colour.line } },
      axisTick: { show: false },
      axisLabel: { color: colour.ink, width: 160, overflow: "truncate", margin: 12 },
    },
    tooltip: { show: false },
    series: [
      {
        type: "bar",
        barMaxWidth: 16,
        data: spec.values.map((value) => ({
          value,
          itemStyle: { color: value < 0 ? colour.loss : colour.gain },
          label: { position: value < 0 ? "left" : "right" },
        })),
        label: { show: true, color: colour.ink, formatter: (shown) => number(shown.value) },
      },
    ],
  };
}

function tip(colour, rowsAt, x) {
  return {
    trigger: "axis",
    backgroundColor: colour.lift,
    borderColor: colour.line,
    borderWidth: 1,
    padding: [8, 12],
    extraCssText: "box-shadow: none; border-radius: 6px;",
    confine: true,
    axisPointer: { type: "line", lineStyle: { color: colour.line }, label: { show: false } },
    transitionDuration: 0,
    formatter: (points) => {
      const index = x.indexOf(points[0]?.axisValue) >= 0 ? x.indexOf(points[0].axisValue) : points[0]?.dataIndex;
      const [day, rows] = rowsAt(index);
      const box = document.createElement("div");
      box.className = "chart-tip";
      const head = document.createElement("span");
      head.className = "chart-tip-head";
      head.textContent = shortDate(day);
      box.append(head);
      for (const [name, value] of rows) {
        if (value === "") continue;
        const row = document.createElement("span");
        row.className = "chart-tip-row";
        const label = document.createElement("span");
        label.textContent = name;
        const figure = document.createElement("span");
        figure.textContent = value;
        row.append(label, figure);
        box.append(row);
      }
      return box;
    },
  };
}

function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const text = size >= 100 || Number.isInteger(value) ? String(Math.round(size)) : size.toFixed(size >= 1 ? 1 : 2);
  const [whole, fraction] = text.split(".");
  return (value < 0 ? "\u2212" : "") + whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f") + (fraction ? `.${fraction}` : "");
}

const language = () => (document.documentElement.lang || "en").replace(/^en$/, "en-GB");

function shortDate(day) {
  return new Intl.DateTimeFormat(language(), { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function csvOf(table) {
  const cell = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [...table.querySelectorAll("tr")].map((row) => [...row.cells].map((one) => cell(one.dataset.value ?? one.textContent.trim())).join(",")).join("\r\n");
}
