/** How numbers are written for people. */

/** Stands where a metric has no value. */
export const noValue = "–";

/** A rate in percent with two decimals (`3.41 %`), with a narrow space; a dash for null. */
export function percent(value: number | null, decimals = 2): string {
  return value === null ? noValue : `${decimal(value, decimals)}\u202f%`;
}

/** A number with a fixed number of decimals and a real minus sign; a dash for null. */
export function decimal(value: number | null, decimals = 2): string {
  if (value === null) return noValue;
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** The same with a plus sign where it is positive. */
export function signedDecimal(value: number, decimals = 2): string {
  const text = decimal(value, decimals);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** A count with separators between thousands: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `1 utterance`, `2 utterances`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** Seconds as a length: `4.2 s`, `12 min 5 s`, `3 h 20 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)}\u202fs`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}\u202fmin ${whole % 60}\u202fs`;
  return `${Math.floor(whole / 3600)}\u202fh ${Math.floor((whole % 3600) / 60)}\u202fmin`;
}

/** Seconds as a position in a recording: `0:04.2`, `1:02:03.4`. */
export function position(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const whole = Math.floor(tenths / 10);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const clock = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${clock}:${two(whole % 60)}.${tenths % 10}`;
}
