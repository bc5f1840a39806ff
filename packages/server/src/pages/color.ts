/** Red, green and blue, 0 to 255. */
type Rgb = readonly [number, number, number];

/** Text of normal size needs this contrast. @see https://www.w3.org/TR/WCAG22/#contrast-minimum */
const AA = 4.5;
const STEPS = 50;

/** Black or white, whichever is easier to read on a colour: at least 4.58. */
export function textOn(color: string): '#000000' | '#ffffff' {
  return contrast(color, '#ffffff') >= contrast(color, '#000000') ? '#ffffff' : '#000000';
}

/** The colour itself, or as little darker or lighter as makes it readable on all backgrounds. */
export function readableOn(backgrounds: readonly string[], color: string): string {
  const target = textOn(backgrounds[0] ?? '#ffffff');
  for (let step = 0; step < STEPS; step += 1) {
    const mixed = mix(color, target, step / STEPS);
    if (backgrounds.every((background) => contrast(mixed, background) >= AA)) return mixed;
  }
  return target;
}

/** @param share how much of `other` there is, 0 to 1. */
export function mix(color: string, other: string, share: number): string {
  const [a, b] = [read(color), read(other)];
  const parts = a.map((part, index) => Math.round(part + ((b[index] ?? 0) - part) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** From 1 to 21. @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(read(one)), luminance(read(other))].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param color `#rrggbb`. */
function read(color: string): Rgb {
  const part = (at: number) => Number.parseInt(color.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}
