// Colour scales in OKLCH: even steps in lightness, so that equal differences look equal, in light and in dark.

const dark = matchMedia("(prefers-color-scheme: dark)");

export const isDark = () => dark.matches;
export const onThemeChange = (listener) => dark.addEventListener("change", listener);
export const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const between = (a, b, t) => a + (b - a) * t;

function mix(stops, t) {
  const at = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [stops[i], stops[i + 1]];
  const [l, c, hue] = [0, 1, 2].map((k) => between(a[k], b[k], at - i));
  return { background: `oklch(${l.toFixed(4)} ${c.toFixed(4)} ${hue.toFixed(2)})`, ink: l > 0.62 ? "dark" : "light" };
}

// Low to high: pale sea to deep indigo on paper; deep blue to bright mint on black.
const SEQUENTIAL = {
  light: [[0.965, 0.02, 170], [0.86, 0.075, 182], [0.72, 0.1, 205], [0.56, 0.115, 235], [0.4, 0.12, 268]],
  dark: [[0.265, 0.05, 272], [0.36, 0.085, 258], [0.5, 0.1, 232], [0.68, 0.11, 198], [0.87, 0.13, 168]],
};

// Worse than expected is orange, better is blue; everybody can tell these two apart. Each arm keeps to its own hues, so
// that the middle is grey and never a third colour.
const WORSE = {
  light: [[0.962, 0.008, 62], [0.85, 0.075, 64], [0.73, 0.135, 56], [0.56, 0.15, 45]],
  dark: [[0.275, 0.014, 50], [0.38, 0.07, 48], [0.53, 0.12, 50], [0.76, 0.15, 60]],
};
const BETTER = {
  light: [[0.962, 0.008, 236], [0.85, 0.06, 232], [0.71, 0.105, 238], [0.5, 0.135, 252]],
  dark: [[0.275, 0.014, 250], [0.38, 0.065, 254], [0.54, 0.11, 248], [0.8, 0.105, 226]],
};

/** t in [0, 1]. */
export const sequential = (t) => mix(SEQUENTIAL[isDark() ? "dark" : "light"], t);

/** t in [−1, 1]. */
export const diverging = (t) => mix((t < 0 ? WORSE : BETTER)[isDark() ? "dark" : "light"], Math.abs(t));

/** Each verdict has a colour and a sign, so that colour never stands alone. */
export const VERDICTS = {
  converged: { sign: "●", words: "converged", tone: "good" },
  converging: { sign: "↘", words: "converging", tone: "fair" },
  "warming-up": { sign: "◌", words: "warming up", tone: "idle" },
  plateaued: { sign: "―", words: "plateaued", tone: "warn" },
  diverging: { sign: "↗", words: "diverging", tone: "bad" },
  diverged: { sign: "✕", words: "diverged", tone: "worst" },
};

const TOKENS = 6;
const GOLDEN_ANGLE = 137.5;

/** Lines: the page's own colours first, then hues far from each other. */
export function seriesColour(i) {
  if (i < TOKENS) return token(`--line-${i + 1}`);
  const lightness = (isDark() ? [0.78, 0.66, 0.86] : [0.52, 0.64, 0.42])[i % 3];
  return `oklch(${lightness} 0.12 ${Math.round((i * GOLDEN_ANGLE) % 360)})`;
}
