import { Html } from './html.ts';

/** The look of the sandbox's pages, in one sheet that travels with each. */
export const STYLE = new Html(`
:root { --ink: #16181d; --soft: #5b6270; --line: #dfe3ea; --paper: #fff; --shade: #f5f6f9; --accent: #3b49df;
  --accent-dark: #2c38b8; --bad: #b3261e; --bad-shade: #fdecea; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; color: var(--ink); background: var(--shade);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.ribbon { margin: 0; padding: .5rem 1rem; text-align: center; font-size: .875rem; color: #5a3d00; background: #ffe9b8; }
.ribbon strong { margin-right: .5rem; text-transform: uppercase; letter-spacing: .06em; font-size: .75rem; }
main { flex: 1; width: 100%; }
h1, h2, p { margin: 0; }
.checkout { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.summary { display: flex; justify-content: flex-end; padding: 4rem 4rem 3rem; background: var(--shade); }
.pay { display: flex; padding: 4rem 4rem 3rem; background: var(--paper); box-shadow: -1px 0 0 var(--line); }
.inner { width: 100%; max-width: 26rem; }
.summary h1 { font-size: 1rem; font-weight: 600; color: var(--soft); }
.total { margin: .25rem 0 2rem; }
.total b { display: block; font-size: 2.5rem; line-height: 1.15; letter-spacing: -.02em; }
.total span { color: var(--soft); }
.lines { list-style: none; margin: 0; padding: 0; }
.lines li { display: flex; gap: 1rem; justify-content: space-between; padding: 1rem 0; border-top: 1px solid var(--line); }
.lines b { font-weight: 600; }
.lines small { display: block; color: var(--soft); font-size: .875rem; }
.lines .amount { text-align: right; white-space: nowrap; }
.discount { display: flex; justify-content: space-between; padding-bottom: 1rem; }
.due { display: flex; justify-content: space-between; padding-top: 1rem; border-top: 1px solid var(--line); font-weight: 600; }
.pay h2 { margin-bottom: 1.5rem; font-size: 1.25rem; }
label, .label { display: block; margin-bottom: .375rem; font-size: .875rem; font-weight: 600; }
input { width: 100%; padding: .7rem .8rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid #b9c0cc;
  border-radius: .5rem; }
input:focus-visible, button:focus-visible, a:focus-visible, summary:focus-visible { outline: 3px solid #aab2ff; outline-offset: 1px;
  border-color: var(--accent); }
input[aria-invalid="true"] { border-color: var(--bad); }
.card { font-variant-numeric: tabular-nums; letter-spacing: .04em; }
.field { margin-bottom: 1.25rem; }
.given { padding: .7rem .8rem; background: var(--shade); border-radius: .5rem; overflow-wrap: anywhere; }
.error { margin-bottom: 1.25rem; padding: .75rem 1rem; color: var(--bad); background: var(--bad-shade); border-radius: .5rem; }
button, .button { display: block; width: 100%; padding: .8rem 1rem; font: inherit; font-weight: 600; text-align: center;
  text-decoration: none; border: 1px solid transparent; border-radius: .5rem; cursor: pointer; }
.primary, .button { color: #fff; background: var(--accent); }
.primary:hover, .button:hover { background: var(--accent-dark); }
.second { margin-top: .75rem; color: var(--ink); background: var(--paper); border-color: #b9c0cc; }
.second:hover { background: var(--shade); }
.plain { margin-top: .5rem; color: var(--soft); background: none; }
.plain:hover { color: var(--ink); text-decoration: underline; }
details { margin-top: 1.75rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .875rem; color: var(--soft); }
summary { cursor: pointer; font-weight: 600; border-radius: .25rem; }
table { width: 100%; margin-top: .75rem; border-collapse: collapse; }
td { padding: .3rem 0; vertical-align: top; }
td:first-child { padding-right: 1rem; white-space: nowrap; color: var(--ink); font-variant-numeric: tabular-nums; }
.note { margin-top: 1rem; font-size: .8125rem; color: var(--soft); }
.message { display: grid; align-content: center; justify-items: center; gap: 1rem; padding: 4rem 1.5rem; text-align: center; }
.message p { max-width: 32rem; color: var(--soft); }
.message .button { width: auto; padding-inline: 2rem; }
.paper { max-width: 44rem; margin: 2.5rem auto; padding: 2.5rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .75rem; }
.paper header { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: space-between; margin-bottom: 2rem; }
.paper .state { color: var(--soft); }
.single { padding: 3rem 1.25rem; }
.sheet { max-width: 30rem; margin: 0 auto; padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
.sheet h1 { font-size: 1.25rem; }
.sheet form { margin-top: 1.5rem; }
.portal { max-width: 40rem; }
.portal header { margin-bottom: 1.5rem; }
.portal header p, .portal .note { color: var(--soft); }
.block { padding: 1.5rem 0; border-top: 1px solid var(--line); }
.block h2 { margin-bottom: .75rem; font-size: 1rem; }
.plan { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; font-size: 1.125rem; }
.block table { font-size: .875rem; }
.block td { padding: .5rem .5rem .5rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.block td:last-child { padding-right: 0; text-align: right; }
.plan + .lines { margin-top: 1rem; }
.block td.amount { text-align: right; white-space: nowrap; }
.back { padding-top: 1.5rem; border-top: 1px solid var(--line); }
@media (max-width: 52rem) {
  .checkout { grid-template-columns: minmax(0, 1fr); align-content: start; }
  .summary, .pay { justify-content: center; padding: 2rem 1.25rem; }
  .pay { box-shadow: 0 -1px 0 var(--line); flex: 1; }
  .total { margin-bottom: 1.25rem; }
  .paper { margin: 0; border: 0; border-radius: 0; padding: 2rem 1.25rem; }
}
`);
