// Line charts as SVG, readable on light and dark pages: a grid of panels, each with its axes, values and a legend of its own.
export type Series = { name: string; points: [x: number, y: number][] };

export type Panel = {
  title: string;
  x: string;
  y: string;
  series: Series[];
  /** steps of ten are equally far apart; the y axis then as well */
  isLog?: boolean;
};

const WIDTH = 460;
const HEIGHT = 276;
const COLUMNS = 2;
const MARGIN = { left: 62, right: 14, top: 74, bottom: 44 };
const COLOURS = 6;

const STYLE = `
  svg { background: #ffffff; font: 12px system-ui, sans-serif; }
  text { fill: #333333; }
  .title { font-weight: 600; font-size: 13px; }
  .grid { stroke: #e3e3e3; }
  .line { fill: none; stroke: currentColor; stroke-width: 2; }
  .dot { fill: currentColor; }
  .c0 { color: #1f6feb; } .c1 { color: #bc4c00; } .c2 { color: #1a7f37; } .c3 { color: #8250df; } .c4 { color: #bf3989; } .c5 { color: #6e5900; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; }
    text { fill: #d0d7de; }
    .grid { stroke: #30363d; }
    .c0 { color: #58a6ff; } .c1 { color: #f0883e; } .c2 { color: #56d364; } .c3 { color: #bc8cff; } .c4 { color: #f778ba; } .c5 { color: #e3b341; }
  }`;

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

const short = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
};

type Axis = { at: (value: number) => number; ticks: number[] };

/** From 0 in round steps. */
const linear = (values: number[], from: number, to: number): Axis => {
  const most = Math.max(...values, 0) || 1;
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
  const top = Math.ceil(most / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, n) => n * step);
  return { at: (value) => from + ((to - from) * value) / top, ticks };
};

/** In whole powers of ten; of two where everything lies within one power of ten. */
const logarithmic = (values: number[], from: number, to: number): Axis => {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const base = most / least <= 20 ? 2 : 10;
  const log = (value: number) => Math.log(value) / Math.log(base);
  const low = Math.floor(log(least) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(log(most) - 1e-9));
  const ticks = Array.from({ length: high - low + 1 }, (_, n) => base ** (low + n));
  return { at: (value) => from + ((to - from) * (log(value) - low)) / (high - low), ticks };
};

const panelSvg = (panel: Panel, left: number, top: number): string => {
  const points = panel.series.flatMap((series) => series.points);
  const axis = panel.isLog ? logarithmic : linear;
  const [right, bottom] = [left + WIDTH - MARGIN.right, top + HEIGHT - MARGIN.bottom];
  const x = axis(
    points.map(([value]) => value),
    left + MARGIN.left,
    right,
  );
  const y = axis(
    points.map(([, value]) => value),
    bottom,
    top + MARGIN.top,
  );
  const parts = [
    `<text class="title" x="${left + 12}" y="${top + 22}">${escaped(panel.title)}</text>`,
    ...y.ticks.flatMap((tick) => [
      `<line class="grid" x1="${left + MARGIN.left}" x2="${right}" y1="${y.at(tick).toFixed(1)}" y2="${y.at(tick).toFixed(1)}"/>`,
      `<text x="${left + MARGIN.left - 6}" y="${(y.at(tick) + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`,
    ]),
    ...x.ticks.map(
      (tick) => `<text x="${x.at(tick).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${short(tick)}</text>`,
    ),
    `<text x="${(left + MARGIN.left + right) / 2}" y="${bottom + 34}" text-anchor="middle">${escaped(panel.x)}</text>`,
    `<text x="${left + 14}" y="${(top + MARGIN.top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 ${left + 14} ${(top + MARGIN.top + bottom) / 2})">${escaped(panel.y)}</text>`,
  ];
  let [legendAt, legendTop] = [left + 12, top + 34];
  for (const [index, series] of panel.series.entries()) {
    const colour = `c${index % COLOURS}`;
    const path = series.points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(" ");
    parts.push(`<polyline class="line ${colour}" points="${path}"/>`);
    if (series.points.length < 20)
      for (const [px, py] of series.points)
        parts.push(`<circle class="dot ${colour}" cx="${x.at(px).toFixed(1)}" cy="${y.at(py).toFixed(1)}" r="3"/>`);
    if (panel.series.length === 1) continue;
    const width = 26 + series.name.length * 6.8;
    if (legendAt + width > right) [legendAt, legendTop] = [left + 12, legendTop + 16];
    parts.push(`<rect class="dot ${colour}" x="${legendAt}" y="${legendTop}" width="9" height="9"/>`);
    parts.push(`<text x="${legendAt + 13}" y="${legendTop + 9}">${escaped(series.name)}</text>`);
    legendAt += width;
  }
  return parts.join("\n");
};

/** @param title what a screen reader says */
export const chartsSvg = (title: string, panels: Panel[]): string => {
  const height = Math.ceil(panels.length / COLUMNS) * HEIGHT;
  const drawn = panels.map((panel, n) => panelSvg(panel, (n % COLUMNS) * WIDTH, Math.floor(n / COLUMNS) * HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH * COLUMNS}" height="${height}" viewBox="0 0 ${WIDTH * COLUMNS} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}
</style>
${drawn.join("\n")}
</svg>
`;
};
