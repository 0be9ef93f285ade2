// Numbers, durations and times as the reader's language writes them.
import { LOCALE_TAGS, type Locale } from "./locale";

export type Format = ReturnType<typeof makeFormat>;

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

export const makeFormat = (locale: Locale) => {
  const tag = LOCALE_TAGS[locale];
  const whole = new Intl.NumberFormat(tag);
  const significant = new Intl.NumberFormat(tag, { maximumSignificantDigits: 4 });
  const scientific = new Intl.NumberFormat(tag, { notation: "scientific", maximumSignificantDigits: 3 });
  const percent = new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 0 });
  const relative = new Intl.RelativeTimeFormat(tag, { style: "narrow", numeric: "auto" });
  const date = new Intl.DateTimeFormat(tag, { dateStyle: "medium" });
  const dateTime = new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
  const clock = new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const clockSeconds = new Intl.DateTimeFormat(tag, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const inUnit = (value: number, unit: string, digits = 0) =>
    new Intl.NumberFormat(tag, {
      style: "unit",
      unit,
      unitDisplay: "narrow",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(value);

  return {
    number: (value: number) => whole.format(value),
    percent: (share: number) => percent.format(share),
    /** In steps of 1,000, as disks are sold. */
    bytes: (count: number) => {
      const power = Math.min(BYTE_UNITS.length - 1, count < 1000 ? 0 : Math.floor(Math.log10(count) / 3));
      const value = count / 1000 ** power;
      return inUnit(value, BYTE_UNITS[power] ?? "byte", power > 0 && value < 9.95 ? 1 : 0);
    },
    /** A metric: four significant digits, scientific where that is shorter to read. */
    metric: (value: number) => {
      const size = Math.abs(value);
      if (Number.isInteger(value) && size < 1e9) return whole.format(value);
      return size !== 0 && (size < 1e-3 || size >= 1e7) ? scientific.format(value) : significant.format(value);
    },
    /** `2m 10s`: the two largest units; tenths below ten seconds unless it is ticking. */
    duration: (seconds: number, ticking = false) => {
      const left = Math.max(0, seconds);
      if (left < 10 && !ticking) return inUnit(left, "second", 1);
      const total = Math.floor(left);
      const first = UNITS.findIndex(([, size]) => total >= size);
      if (first === -1) return inUnit(0, "second");
      const parts: string[] = [];
      let rest = total;
      for (const [unit, size] of UNITS.slice(first, first + 2)) {
        const count = Math.floor(rest / size);
        rest -= count * size;
        if (count > 0 || parts.length === 0) parts.push(inUnit(count, unit));
      }
      return parts.join(" ");
    },
    /** `3m ago`; a date beyond a week. */
    relative: (iso: string, nowMs: number) => {
      const seconds = (Date.parse(iso) - nowMs) / 1000;
      const size = Math.abs(seconds);
      if (size < 45) return relative.format(0, "second");
      if (size < 3_570) return relative.format(Math.round(seconds / 60), "minute");
      if (size < 84_600) return relative.format(Math.round(seconds / 3_600), "hour");
      if (size < 7 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
      return date.format(Date.parse(iso));
    },
    dateTime: (iso: string) => dateTime.format(Date.parse(iso)),
    clock: (ms: number) => clock.format(ms),
    clockSeconds: (iso: string) => clockSeconds.format(Date.parse(iso)),
    utc: (iso: string) => `${new Date(iso).toISOString().slice(0, 19).replace("T", " ")} UTC`,
  };
};
