"""How the pages of `foreframe check` look: light or dark, as the reader's system is."""

STYLE = """
:root {
  color-scheme: light dark;
  --back: #ffffff; --front: #1c2024; --quiet: #646c76; --line: #dfe3e8; --card: #f6f8fa;
  --right: #16703a; --wrong: #b3261e; --right-back: #e9f6ee; --wrong-back: #fdeceb;
  --mixed-back: #fdf6e3; --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a; --front: #e3e6ea; --quiet: #98a1ab; --line: #2c3238; --card: #1c2126;
    --right: #6ccb8f; --wrong: #ff8a80; --right-back: #15261c; --wrong-back: #341b1a;
    --mixed-back: #2c2617; --link: #7fb8f0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--front);
  font: 15px/1.5 system-ui, sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0; display: inline; }
code, pre { font: 0.87em/1.45 ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; }
code { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem;
  overflow-x: auto; white-space: pre-wrap; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
.quiet { color: var(--quiet); }
span.right, p.right, .sign.right { color: var(--right); }
span.wrong, p.wrong, div.wrong, .sign.wrong { color: var(--wrong); }
.cards { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 0.7rem 1rem; min-width: 10.5rem; }
.number { font-size: 1.7rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.meter { height: 6px; min-width: 4rem; border-radius: 3px; background: var(--wrong);
  overflow: hidden; margin: 0.25rem 0; opacity: 0.85; }
.meter > div { height: 100%; background: var(--right); }
main > details { margin-top: 1.75rem; }
main > details > summary { margin-bottom: 0.6rem; }
summary { cursor: pointer; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem;
  border-bottom: 1px solid var(--line); font-weight: normal; }
thead th { color: var(--quiet); font-size: 0.85em; position: sticky; top: 0;
  background: var(--back); }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sign { font-weight: 700; width: 1.6rem; text-align: center; }
tbody tr.wrong { background: var(--wrong-back); }
tr:target { outline: 2px solid var(--link); outline-offset: -2px; }
.source { width: auto; min-width: 60%; }
.source td { border: 0; padding: 0 0.6rem; vertical-align: middle; }
.source .n { color: var(--quiet); }
tbody .source tr, .source tr.wrong { background: none; }
.source tr.right td:last-child { background: var(--right-back); }
.source tr.wrong td:last-child { background: var(--wrong-back); }
.source tr.mixed td:last-child { background: var(--mixed-back); }
.values { margin: 0.3rem 0 0.8rem; background: var(--back); }
.values td, .values th { padding: 0.1rem 0.5rem; }
.values .sign { width: 1.2rem; }
caption { text-align: left; color: var(--quiet); font-size: 0.85em; padding: 0.3rem 0.5rem 0; }
td details { margin-top: 0.2rem; font-size: 0.92em; }
@media print { details > summary { list-style: none; } .card { break-inside: avoid; } }
"""
