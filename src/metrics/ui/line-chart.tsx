"use client";
// uPlot in the page's colours. The chart is made once and fed; zoom and cursor survive new points.
import { useEffect, useRef } from "react";
import uPlot from "uplot";

export type Line = {
  key: string /** CSS variable of its colour */;
  colour: string;
  points: { step: number; value: number }[];
  values: number[];
};

type Props = {
  lines: Line[];
  height: number;
  label: string;
  formatValue: (value: number) => string /** the step under the cursor; null when there is none */;
  onStep: (step: number | null) => void;
};

const DARK = "(prefers-color-scheme: dark)";
const AXIS_FONT = "11px system-ui, sans-serif";

const joined = (lines: Line[]): uPlot.AlignedData =>
  uPlot.join(lines.map((line): uPlot.AlignedData => [line.points.map((point) => point.step), line.values]));

const optionsFor = (
  lines: Line[],
  width: number,
  height: number,
  formatValue: Props["formatValue"],
  onStep: Props["onStep"],
): uPlot.Options => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink-3"),
    font: AXIS_FONT,
    ticks: { show: false },
    grid: { stroke: colour("--line"), width: 1 },
  };
  return {
    width,
    height,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "steps" }, points: { size: 7 }, drag: { x: true, y: false, uni: 10 } },
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 1e7, 1e8],
      },
      { ...axis, size: 56, values: (_, splits) => splits.map((value) => (value === null ? "" : formatValue(value))) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.key,
        stroke: colour(line.colour),
        width: 1.75,
        spanGaps: true,
        // A single point has no line to be seen by.
        points: { show: line.points.length < 2, size: 6, fill: colour(line.colour) },
      })),
    ],
    hooks: {
      setCursor: [
        (plot) => {
          const { idx } = plot.cursor;
          onStep(idx === null || idx === undefined ? null : (plot.data[0][idx] ?? null));
        },
      ],
    },
  };
};

export const LineChart = ({ lines, height, label, formatValue, onStep }: Props) => {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isZoomed = useRef(false);
  const latest = useRef({ lines, formatValue, onStep });
  useEffect(() => {
    latest.current = { lines, formatValue, onStep };
  });

  const shape = lines.map((line) => `${line.key}:${line.points.length < 2}`).join("\n");
  useEffect(() => {
    const element = box.current;
    if (!element || shape === "") return;
    const make = () => {
      plot.current?.destroy();
      const now = latest.current;
      const options = optionsFor(
        now.lines,
        element.clientWidth,
        height,
        (value) => latest.current.formatValue(value),
        (step) => latest.current.onStep(step),
      );
      isZoomed.current = false;
      options.hooks = {
        ...options.hooks,
        setSelect: [
          (made) => {
            isZoomed.current = made.select.width > 0;
          },
        ],
        ready: [
          (made) =>
            made.over.addEventListener("dblclick", () => {
              isZoomed.current = false;
            }),
        ],
      };
      plot.current = new uPlot(options, joined(now.lines), element);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const theme = window.matchMedia(DARK);
    theme.addEventListener("change", make);
    return () => {
      resized.disconnect();
      theme.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape, height]);

  useEffect(() => {
    // New points move the edge of the chart, unless the reader looks at a part of it.
    plot.current?.setData(joined(lines), !isZoomed.current);
    if (isZoomed.current) plot.current?.redraw();
  }, [lines]);

  return <div ref={box} role="img" aria-label={label} style={{ height }} className="w-full overflow-hidden" />;
};
