// Charts of planning, drawn with the tools of chart.js: what a week is made of, how parts add up, curves over a price.

const tone = (colour, name) => (/^\d$/.test(name) ? colour.series[Number(name) + 1] : colour[name]);

/** Thin lines with feet from low to high at each x; points are [x, low, high]. */
function whiskers(points, colour, foot, name) {
  return {
    type: "scatter",
    name,
    silent: true,
    z: 5,
    tooltip: { show: false },
    symbol: "rect",
    symbolSize: [2 * foot, 1.5],
    itemStyle: { color: colour },
    data: points.flatMap(([x, low, high]) => [[x, low], [x, high]]),
    markLine: {
      silent: true,
      symbol: "none",
      animation: false,
      label: { show: false },
      lineStyle: { color: colour, width: 1.25, type: "solid" },
      data: points.map(([x, low, high]) => [{ coord: [x, low] }, { coord: [x, high] }]),
    },
  };
}

/** Bars a week out of parts, above and below zero, with the line they come to and its band. */
export function stack(spec, colour, width, tools) {
  const x = tools.middles(spec.x);
  const pairs = (values) => values.map((value, index) => [x[index], value]);
  const wide = Math.max(6, Math.min(28, (width - 80) / spec.x.length - 6));
  const known = spec.parts.filter((part) => part.values.some((value) => value));
  const ends = spec.band ? spec.band.low.map((low, index) => [x[index], low, spec.band.high[index]]).filter((end) => end[1] !== null && end[1] !== end[2]) : [];
  return {
    grid: { left: 8, right: 12, top: width > 480 ? 44 : 64, bottom: 8, containLabel: true },
    legend: { show: true, top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8, itemGap: 14, textStyle: { color: colour.quiet }, data: [...known.map((part) => part.name), ...(spec.line ? [{ name: spec.line.name, icon: "circle" }] : [])] },
    xAxis: tools.timeAxis(colour, width, spec.x),
    yAxis: tools.valueAxis(colour, spec.unit),
    tooltip: tools.tip(colour, (index) => [
      spec.x[index],
      [
        ...spec.parts.filter((part) => part.values[index]).map((part) => [part.name, tools.number(part.values[index])]),
        ...(spec.line ? [[spec.line.name, tools.number(spec.line.values[index])]] : []),
        ...(spec.band && spec.band.low[index] !== null && spec.band.low[index] !== spec.band.high[index] ? [[spec.bandName, `${tools.number(spec.band.low[index])} – ${tools.number(spec.band.high[index])}`]] : []),
      ],
    ], x),
    series: [
      ...known.map((part, place) => ({
        type: "bar",
        name: part.name,
        stack: "week",
        barWidth: wide,
        data: pairs(part.values.map((value) => value || null)),
        itemStyle: { color: part.tone === "baseline" ? colour.band : tone(colour, part.tone), borderColor: colour.ground, borderWidth: 0.5 },
        markArea: place ? undefined : tools.windowArea(spec.windows, colour),
      })),
      ...(spec.line ? [{ type: "line", name: spec.line.name, data: pairs(spec.line.values), symbol: "circle", symbolSize: 6, lineStyle: { color: colour.actual, width: 1.5 }, itemStyle: { color: colour.actual }, z: 4 }] : []),
      ...(ends.length ? [whiskers(ends, colour.ink, 4, spec.bandName)] : []),
    ],
  };
}

/** A sum step by step: each bar hangs where the one before ended, a total stands on zero; each with its band. */
export function steps(spec, colour, width, tools) {
  let level = 0;
  const bars = spec.steps.map((step) => {
    const from = step.total ? 0 : level;
    const to = step.total ? step.value : level + step.value;
    level = to;
    return { ...step, from, to };
  });
  const ends = bars.map((bar, index) => (bar.low === null || bar.high === null ? null : [index, bar.from + bar.low, bar.from + bar.high])).filter(Boolean);
  const paint = (bar) => (bar.total ? colour.baseline : bar.value < 0 ? colour.loss : colour.gain);
  const inner = (bar) => (bar.from * bar.to <= 0 ? null : Math.sign(bar.to) * Math.min(Math.abs(bar.from), Math.abs(bar.to)));
  const part = (sign) => ({
    type: "bar",
    stack: "steps",
    barMaxWidth: 56,
    data: bars.map((bar) => {
      const [low, high] = [Math.min(bar.from, bar.to), Math.max(bar.from, bar.to)];
      const value = sign > 0 ? Math.max(high, 0) - Math.max(low, 0) : Math.min(low, 0) - Math.min(high, 0);
      const shown = sign > 0 ? high > 0 : high <= 0;
      return { value: value || null, itemStyle: { color: paint(bar) }, label: { show: shown && width > 480, fontWeight: bar.total ? 600 : 400, formatter: () => tools.number(bar.value) } };
    }),
    label: { position: "right", color: colour.ink, distance: 4 },
  });
  return {
    grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
    xAxis: {
      type: "category",
      data: bars.map((bar) => bar.name),
      axisLine: { lineStyle: { color: colour.line }, onZero: false },
      axisTick: { show: false },
      axisLabel: { color: colour.ink, interval: 0, width: Math.max(48, (width - 80) / bars.length - 8), overflow: "break", lineHeight: 15 },
    },
    yAxis: tools.valueAxis(colour, spec.unit),
    tooltip: {
      ...tools.tip(colour, (index) => [bars[index].name, [[spec.unit, tools.number(bars[index].value)], ["80 %", bars[index].low === null ? "" : `${tools.number(bars[index].low)} – ${tools.number(bars[index].high)}`]]], bars.map((_bar, index) => index)),
      axisPointer: { type: "shadow" },
    },
    series: [
      { type: "bar", stack: "steps", silent: true, barMaxWidth: 56, itemStyle: { color: "transparent" }, tooltip: { show: false }, data: bars.map(inner) },
      part(1),
      part(-1),
      ...(ends.length ? [whiskers(ends, colour.ink, 5, "80 %")] : []),
    ],
  };
}

/** Where the chart ends when a few points lie far above everything else and would press all of it flat; else nothing. */
function lid(curves, points) {
  const heights = points.map((point) => point[1]).sort((one, other) => one - other);
  const usual = Math.max(heights[Math.floor(0.97 * (heights.length - 1))] ?? 0, ...curves.flatMap((curve) => curve.high));
  const grain = 10 ** Math.floor(Math.log10(usual || 1)) / 2;
  return heights.at(-1) > 1.6 * usual ? Math.ceil((1.1 * usual) / grain) * grain : null;
}

/** A point, or an arrow with its figure under the lid that it lies above. */
function spot(point, top, tools) {
  if (top === null || point[1] <= top) return point;
  const [x, y, label] = point;
  return { value: [x, top, label, y], symbol: "triangle", symbolSize: 9, label: { show: true, position: "right", formatter: () => tools.number(y) } };
}

/** Curves over a price, their bands, and every week that was seen as a point behind them. */
export function response(spec, colour, width, tools) {
  const curves = spec.curves.flatMap((curve) => {
    const shade = tone(colour, curve.tone);
    const seen = (value) => spec.seenTo === null || value >= spec.seenTo - 1e-9;
    const pairs = (values, keep = () => true) => curve.x.map((x, index) => [x, keep(x, index) ? values[index] : null]);
    const ghost = { type: "line", silent: true, symbol: "none", lineStyle: { opacity: 0 }, tooltip: { show: false }, stack: `band-${curve.name}`, stackStrategy: "all" };
    const edge = curve.x.findIndex((x) => !seen(x));
    const line = { type: "line", name: curve.name, symbol: "none", itemStyle: { color: shade }, z: 3 };
    return [
      { ...ghost, data: pairs(curve.low) },
      { ...ghost, data: pairs(curve.high.map((high, index) => high - curve.low[index])), areaStyle: { color: shade, opacity: 0.14 } },
      { ...line, data: pairs(curve.y, seen), lineStyle: { color: shade, width: 2.25 } },
      { ...line, data: pairs(curve.y, (x, index) => !seen(x) || index === edge - 1), lineStyle: { color: shade, width: 1.5, type: [4, 4] } },
    ];
  });
  const xs = [...spec.curves.flatMap((curve) => curve.x), ...spec.groups.flatMap((group) => group.points.map((point) => point[0]))];
  const top = lid(spec.curves, spec.groups.flatMap((group) => group.points));
  const step = 10 ** Math.floor(Math.log10((Math.max(...xs) - Math.min(...xs) || 1) / 4));
  return {
    grid: { left: 8, right: 20, top: width > 640 ? 44 : 84, bottom: 30, containLabel: true },
    legend: { show: true, top: 0, left: 0, itemWidth: 12, itemHeight: 8, itemGap: 14, textStyle: { color: colour.quiet }, data: [...spec.curves.map((curve) => ({ name: curve.name, icon: "roundRect" })), ...spec.groups.map((group) => ({ name: group.name, icon: "circle" }))] },
    xAxis: {
      ...tools.valueAxis(colour, ""),
      scale: true,
      min: Math.floor(Math.min(...xs) / step) * step,
      max: Math.ceil(Math.max(...xs) / step) * step,
      name: spec.unitX,
      nameLocation: "middle",
      nameGap: 28,
      nameTextStyle: { color: colour.quiet },
      splitLine: { show: false },
      axisLine: { show: true, lineStyle: { color: colour.line } },
      axisLabel: { color: colour.quiet, hideOverlap: true, formatter: (value) => value.toFixed(2) },
    },
    yAxis: { ...tools.valueAxis(colour, spec.unitY), max: top },
    tooltip: {
      ...tools.tip(colour, () => ["", []], []),
      trigger: "item",
      formatter: (point) => {
        const box = document.createElement("div");
        box.className = "chart-tip";
        const [x, shown, label, y = shown] = point.value;
        for (const [name, value] of [[label ?? point.seriesName, ""], [spec.unitX, Number(x).toFixed(2)], [spec.unitY, tools.number(y)]]) {
          const row = document.createElement("span");
          row.className = value ? "chart-tip-row" : "chart-tip-head";
          const text = document.createElement("span");
          text.textContent = name;
          row.append(text);
          if (value) {
            const figure = document.createElement("span");
            figure.textContent = value;
            row.append(figure);
          }
          box.append(row);
        }
        return box;
      },
    },
    series: [
      ...spec.groups.map((group) => ({ type: "scatter", name: group.name, data: group.points.map((point) => spot(point, top, tools)), symbolSize: 7, label: { color: colour.quiet }, itemStyle: { color: tone(colour, group.tone), opacity: 0.55 }, z: 2 })),
      ...curves,
    ],
  };
}
