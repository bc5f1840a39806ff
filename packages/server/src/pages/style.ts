import { mix, readableOn, textOn } from './color.ts';

const LIGHT = { page: '#f4f5f7', card: '#ffffff' } as const;
const DARK = { page: '#0f1216', card: '#181c22' } as const;

/** The one style sheet of all pages, in light and dark. */
export function styleSheet(accent: string): string {
  return `:root {
  color-scheme: light dark;
  --page: ${LIGHT.page};
  --card: ${LIGHT.card};
  --line: #d9dde3;
  --edge: #868e9a;
  --text: #1b212b;
  --soft: #5a6472;
  --accent: ${accent};
  --on-accent: ${textOn(accent)};
  --accent-hover: ${mix(accent, textOn(accent) === '#ffffff' ? '#000000' : '#ffffff', 0.12)};
  --link: ${readableOn([LIGHT.card, LIGHT.page], accent)};
  --bad: #b3261e;
  --bad-page: #fdf1f0;
  --good: #1d6b3a;
  --good-page: #eef7f1;
  --shadow: 0 1px 2px rgb(16 24 40 / 5%), 0 12px 32px -12px rgb(16 24 40 / 14%);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: ${DARK.page};
    --card: ${DARK.card};
    --line: #2c323b;
    --edge: #79828f;
    --text: #e9ecf1;
    --soft: #a3acb9;
    --link: ${readableOn([DARK.card, DARK.page], accent)};
    --bad: #ffb4ab;
    --bad-page: #2c1b1a;
    --good: #8fd6a8;
    --good-page: #16251c;
    --shadow: 0 0 0 1px #2c323b;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  background: var(--page);
  color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif;
  overflow-wrap: anywhere;
}
header, main { width: 100%; max-width: 26rem; margin: 0 auto; }
body.wide header, body.wide main { max-width: 42rem; }
header {
  display: flex;
  align-items: center;
  gap: .625rem;
  padding: clamp(1.5rem, 9vh, 5.5rem) 1.25rem 1.25rem;
  font-weight: 600;
}
header span {
  flex: none;
  width: 2rem;
  height: 2rem;
  border-radius: .625rem;
  background: var(--accent);
  color: var(--on-accent);
  font-size: 1.0625rem;
  line-height: 2rem;
  text-align: center;
}
main { flex: 1; padding: 0 1.25rem 3rem; }
.card {
  padding: 2rem;
  border-radius: 1rem;
  background: var(--card);
  box-shadow: var(--shadow);
}
.card + .card { margin-top: 1.25rem; }
h1 { margin: 0 0 1.5rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; }
h1:has(+ .lead) { margin-bottom: .5rem; }
h2, h3 { margin: 0; font-size: 1rem; line-height: 1.4; }
p { margin: 0; }
.lead { margin: 0 0 1.5rem; color: var(--soft); }
ul.will { margin: 0; padding-left: 1.25rem; }
.will li + li { margin-top: .375rem; }
.links { margin-top: 1.5rem; color: var(--soft); }
.links + .links { margin-top: .5rem; }
main > .links { margin-top: 1.5rem; text-align: center; }
a { color: var(--link); text-underline-offset: .18em; text-decoration-thickness: .08em; }
a:hover { text-decoration-thickness: .14em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .25rem; }
label { display: block; margin-bottom: .375rem; font-weight: 550; font-size: .9375rem; }
.field ~ .field { margin-top: 1.125rem; }
.hint { margin-bottom: .375rem; color: var(--soft); font-size: .875rem; line-height: 1.4; }
.wrong { margin-bottom: .375rem; color: var(--bad); font-size: .9375rem; line-height: 1.4; }
input {
  display: block;
  width: 100%;
  min-height: 2.875rem;
  padding: .5rem .75rem;
  border: 1px solid var(--edge);
  border-radius: .625rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
input:focus-visible { border-color: var(--link); outline: 2px solid var(--link); outline-offset: 0; border-radius: .625rem; }
input[aria-invalid] { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad); }
input[readonly] { background: var(--page); border-color: var(--line); }
button {
  min-height: 2.875rem;
  padding: .5rem 1rem;
  border: 1px solid transparent;
  border-radius: .625rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { background: var(--accent-hover); }
button:focus-visible { border-radius: .625rem; }
form > button { width: 100%; margin-top: 1.5rem; }
button.quiet { width: auto; min-height: 2.25rem; margin: 0; padding: .25rem .875rem; border-color: var(--edge); background: transparent; color: inherit; font-weight: 550; }
button.quiet:hover { background: var(--page); }
button.bad { background: #b3261e; color: #fff; }
button.bad:hover { background: #8f1d17; }
.note a { color: inherit; }
.note { margin-bottom: 1.5rem; padding: .75rem 1rem; border-left: 4px solid var(--good); border-radius: .375rem; background: var(--good-page); }
.problem { margin-bottom: 1.5rem; padding: .875rem 1rem; border-left: 4px solid var(--bad); border-radius: .375rem; background: var(--bad-page); }
.problem:focus { outline: 0; }
.problem h2 { margin-bottom: .25rem; font-size: .9375rem; }
.problem a { color: var(--bad); }
.problem ul { margin: 0; padding: 0; list-style: none; }
.problem li + li { margin-top: .25rem; }
.rows, .rows ul { margin: 0; padding: 0; list-style: none; }
.rows > li { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem; padding: 1rem 0; border-top: 1px solid var(--line); }
.rows > li:first-child { padding-top: 0; border-top: 0; }
.rows > li:last-child { padding-bottom: 0; }
.rows > li > div { flex: 1 1 9rem; min-width: 0; }
.rows p { color: var(--soft); font-size: .9375rem; }
.card > h2 { margin-bottom: 1.25rem; font-size: 1.125rem; }
.here { display: inline-block; padding: 0 .5rem; border-radius: 1rem; background: var(--good-page); color: var(--good); font-size: .8125rem; font-weight: 600; line-height: 1.6; vertical-align: .0625rem; }
.after { margin-top: 1.5rem; }
.rows .low { color: var(--bad); }
.card > svg { display: block; width: 100%; max-width: 15rem; margin: 1rem auto; border-radius: .625rem; }
.secret, .codes { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.secret { margin: .375rem 0 1.5rem; padding: .75rem 1rem; border-radius: .625rem; background: var(--page); text-align: center; text-wrap: balance; }
code { font: inherit; }
.codes { display: grid; gap: .375rem 1rem; margin: 0; padding: 1rem .25rem; border-radius: .625rem; background: var(--page); font-size: .8125rem; list-style: none; text-align: center; }
.printed { display: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 30rem) {
  header { padding-top: 1.5rem; }
  header, main { padding-right: 1rem; padding-left: 1rem; }
  .card { padding: 1.5rem 1.25rem; }
}
@media (forced-colors: active) {
  .card, .note, .problem, .here, header span { border: 1px solid; }
}
@media print {
  body { background: none; }
  .card { padding: 0; box-shadow: none; }
  .printed { display: block; margin-bottom: 1rem; }
  .codes { gap: 1rem; font-size: 1rem; }
  .note, .links { display: none; }
}
`;
}
