/** Numbers and moments as people write them. */

/** `4:07`, `1:02:03`; with tenths `4:07.2`. */
export function clock(seconds: number, tenths = false): string {
  const unit = tenths ? 10 : 1;
  const whole = Math.floor(seconds * unit + 1e-6);
  const [hours, minutes, rest] = [
    Math.floor(whole / (3600 * unit)),
    Math.floor(whole / (60 * unit)) % 60,
    (whole % (60 * unit)) / unit,
  ];
  const last = rest.toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${last}` : `${minutes}:${last}`;
}

/** `3.2 MB`. */
export function bytes(count: number, locale: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: units[power],
    maximumFractionDigits: power < 2 ? 0 : 1,
  }).format(count / 1000 ** power);
}

/** `12 min`: rough, because it is a guess. */
export function roughDuration(seconds: number, locale: string): string {
  const [value, unit] =
    seconds < 55
      ? [Math.max(5, Math.ceil(seconds / 5) * 5), "second"]
      : seconds < 5400
        ? [Math.ceil(seconds / 60), "minute"]
        : [Math.ceil(seconds / 360) / 10, "hour"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: "short" }).format(
    value as number,
  );
}

export function percent(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "percent" }).format(share);
}

export function count(number: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(number);
}

/** `today 14:02`, `3 May 2026`. */
export function moment(iso: string, locale: string): string {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(
    locale,
    isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  ).format(date);
}

/** The name of a language in another, such as `中文` for `zh` in `zh`; the code itself when it has none. */
export function languageName(code: string, locale: string): string {
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
