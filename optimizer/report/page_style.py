"""How pages look: on screens of any width, in the dark, and on paper."""

STYLE = """
:root { color-scheme: light dark; --page: #fff; --card: #f4f5f7; --line: #d5d9df; --text: #1b1f24; --soft: #57606a;
  --bad: #b3261e; --warn: #8a5a00; --good: #1a6b35; --one: #2f6fb4; --two: #e08a1e; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --card: #1f2429; --line: #3a4149; --text: #e6e9ec; --soft: #a3adb8;
  --bad: #ff8a80; --warn: #f2b84b; --good: #6fce8b; --one: #6aa7e8; --two: #f0a850; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1.5rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; } p { margin: .3rem 0; }
.soft { color: var(--soft); font-size: .9rem; }
.partial { border: 2px solid var(--bad); border-radius: 8px; padding: .6rem 1rem; margin: 1rem 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.card { background: var(--card); border-radius: 8px; border-left: 5px solid var(--line); padding: .7rem 1rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.2; }
.bad { border-color: var(--bad); } .bad b { color: var(--bad); } .warn { border-color: var(--warn); } .warn b { color: var(--warn); }
.good { border-color: var(--good); } .good b { color: var(--good); }
.scroll { overflow-x: auto; margin-top: .8rem; }
table { border-collapse: collapse; font-size: .9rem; min-width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } td { overflow-wrap: normal; }
.n { text-align: right; white-space: nowrap; } .w { white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 9rem; }
.bar { display: grid; grid-template-columns: 14rem 1fr 9.5rem; grid-template-areas: "name bar value"; gap: .2rem .8rem;
  align-items: center; font-size: .9rem; margin: .3rem 0; }
.bar svg { width: 100%; height: 1.1rem; display: block; grid-area: bar; } .bar span { grid-area: name; } .bar span.n { grid-area: value; }
.key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .8rem; vertical-align: -1px; }
.one { fill: var(--one); background: var(--one); } .two { fill: var(--two); background: var(--two); }
.matrix td, .matrix th { padding: .25rem .3rem; text-align: right; font-size: .75rem; white-space: nowrap; border: 1px solid var(--line); }
.matrix th.name { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 10rem; }
.matrix td { background: color-mix(in srgb, var(--one) var(--share), var(--page)); min-width: 3rem; }
@media (max-width: 36rem) { body { padding: .8rem; font-size: 15px; }
  .bar { grid-template-columns: 1fr max-content; grid-template-areas: "name value" "bar bar"; } }
@media print { :root { color-scheme: light; } table { font-size: 7.5pt; } th, .n { white-space: normal; } th { overflow-wrap: normal; }
  th, td { padding: .15rem .3rem; } td.name { min-width: 5rem; } .matrix td, .matrix th { font-size: 5.5pt; min-width: 0; padding: .1rem; white-space: normal; } .matrix th.name { min-width: 4rem; }
  body { max-width: none; padding: 0; font-size: 10pt; } h2 { break-after: avoid; }
  tr, .card { break-inside: avoid; } .scroll { overflow: visible; } svg, td, .key, .card { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
