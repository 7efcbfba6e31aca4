"""How the picture of a fleet's layers looks: on screens of any width, in the dark, and on paper."""

STYLE = """
.fleet { min-width: 20rem; font-size: .85rem; }
.image { display: grid; grid-template-columns: 12rem minmax(0, 1fr) 5.5rem; gap: .2rem .8rem; align-items: center; margin: .25rem 0; }
.image .size { text-align: right; white-space: nowrap; color: var(--soft); }
.row { display: grid; grid-template-columns: var(--columns); height: 1.7rem; background: var(--card); border-radius: 3px; }
.layer { grid-row: 1; position: relative; border-radius: 3px; border: 1px solid var(--page); overflow: hidden; cursor: default; color: #fff;
  font-size: .75rem; line-height: calc(1.7rem - 2px); padding: 0 .2rem; white-space: nowrap; text-overflow: ellipsis; outline-offset: 2px; min-width: 0; }
.shared { background: var(--shared); } .own { background: var(--own); } .unsized { background-image: repeating-linear-gradient(
  45deg, transparent, transparent 4px, rgb(0 0 0 / .35) 4px, rgb(0 0 0 / .35) 8px); }
.narrow { padding: 0; border-width: 1px 0; }
.layer:hover, .layer:focus { outline: 3px solid var(--text); z-index: 1; overflow: visible; }
.layer > b { font-weight: 500; overflow: hidden; display: block; text-overflow: ellipsis; }
.about { display: none; position: fixed; z-index: 3; left: 50%; bottom: 1rem; transform: translateX(-50%); width: min(44rem, calc(100vw - 1.6rem));
  max-height: 60vh; overflow: auto; padding: .7rem 1rem; background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 8px;
  box-shadow: 0 4px 24px rgb(0 0 0 / .35); font-size: .9rem; line-height: 1.45; white-space: normal; overflow-wrap: anywhere; pointer-events: none; }
.about dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .3rem 0 0; } .about dt { color: var(--soft); } .about dd { margin: 0; }
.layer:focus > .about { display: block; } .layer:hover > .about { display: block; z-index: 4; }
.soft .key:first-child { margin-left: 0; }
.key.shared, .key.own, .key.unsized { border-radius: 2px; } .key.unsized { background-color: var(--own); }
:root { --shared: #2f6fb4; --own: #a85b00; }
@media (prefers-color-scheme: dark) { :root { --shared: #3572b8; --own: #a35f0d; } }
@media (max-width: 36rem) { .image { grid-template-columns: 1fr max-content; margin: .7rem 0; } .row { grid-area: 2 / 1 / 3 / 3; } }
@media print { :root { --shared: #2f6fb4; --own: #a85b00; } .layer:hover > .about, .layer:focus > .about { display: none; }
  .image { break-inside: avoid; } .layer, .row, .key { print-color-adjust: exact; -webkit-print-color-adjust: exact; } .layer:hover, .layer:focus { outline: none; } }
"""
