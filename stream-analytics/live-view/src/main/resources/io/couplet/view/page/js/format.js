// Numbers as people read them. A value that is not there is an en dash.

const NONE = "–";
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

export const percent = (fraction, digits = 1) => (known(fraction) ? `${(100 * fraction).toFixed(digits)} %` : NONE);
export const percentBare = (fraction, digits = 1) => (known(fraction) ? (100 * fraction).toFixed(digits) : NONE);
export const number = (value, digits) => (known(value) ? value.toFixed(digits) : NONE);

/** With a sign and a true minus. */
export function signed(value, digits = 1) {
  if (!known(value)) return NONE;
  const rounded = value.toFixed(digits);
  if (Number(rounded) === 0) return (0).toFixed(digits);
  return value > 0 ? `+${rounded}` : rounded.replace("-", "−");
}

export const count = (value) => (known(value) ? value.toLocaleString("en-US").replaceAll(",", "\u202f") : NONE);

export function significant(value) {
  if (!known(value)) return NONE;
  if (value === 0) return "0";
  return Math.abs(value) < 0.001 ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
}

export function duration(seconds) {
  if (!known(seconds)) return NONE;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 5940) return `${Math.floor(seconds / 60)} min ${String(Math.round(seconds % 60) % 60).padStart(2, "0")} s`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86400).toFixed(1)} d`;
}

/** Short enough for a cell. */
export function durationShort(seconds) {
  if (!known(seconds)) return NONE;
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)}s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)}m`;
  return `${(seconds / 3600).toFixed(1)}h`;
}

export function clock(millis) {
  return millis ? new Date(millis).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : NONE;
}

export function dateTime(millis) {
  return millis ? new Date(millis).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : NONE;
}

export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
