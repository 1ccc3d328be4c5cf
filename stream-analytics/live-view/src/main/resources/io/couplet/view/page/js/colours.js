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

// Worse than expected is orange, better is blue; both can be told apart by everybody.
const DIVERGING = {
  light: [[0.56, 0.15, 45], [0.75, 0.12, 58], [0.965, 0.008, 90], [0.74, 0.095, 232], [0.5, 0.13, 250]],
  dark: [[0.74, 0.15, 55], [0.5, 0.11, 50], [0.27, 0.012, 262], [0.5, 0.1, 245], [0.78, 0.11, 225]],
};

/** t in [0, 1]. */
export const sequential = (t) => mix(SEQUENTIAL[isDark() ? "dark" : "light"], t);

/** t in [−1, 1]. */
export const diverging = (t) => mix(DIVERGING[isDark() ? "dark" : "light"], (t + 1) / 2);

/** Each verdict has a colour and a sign, so that colour never stands alone. */
export const VERDICTS = {
  converged: { sign: "●", words: "converged", tone: "good" },
  converging: { sign: "↘", words: "converging", tone: "fair" },
  "warming-up": { sign: "◌", words: "warming up", tone: "idle" },
  plateaued: { sign: "―", words: "plateaued", tone: "warn" },
  diverging: { sign: "↗", words: "diverging", tone: "bad" },
  diverged: { sign: "✕", words: "diverged", tone: "worst" },
};

/** Lines of seeds. */
export const seedColour = (i) => token(`--line-${(i % 6) + 1}`);
