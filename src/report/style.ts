/** The looks of the report: light and dark, from phone to desk, and on paper. */
import { chartColours, chartStyle, darkChartColours } from "./chart-parts.ts";

export const pageStyle = `
${chartColours}
:root{color-scheme:light dark;--ground:#f6f4ef;--paper:#fffefb;--sub:#fbe3b5;--sub-ink:#6b4300;--gone:#f8d6d0;--gone-ink:#8c1d0f;--new:#d3e4f7;--new-ink:#0b4178;--good:#006b4f;--bad:#a3260f;--accent:#0062a3;--reading:Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4",Georgia,"Noto Serif",serif}
@media screen and (prefers-color-scheme:dark){${darkChartColours}:root{--ground:#100f0e;--sub:#4a3508;--sub-ink:#ffd98a;--gone:#4d1a13;--gone-ink:#ffb3a6;--new:#12355a;--new-ink:#a9d3ff;--good:#4fd0a8;--bad:#ff9a85;--accent:#7cc4f5}}
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font:600 clamp(1.7rem,5vw,2.6rem)/1.15 var(--reading);margin:.2rem 0 .5rem;text-wrap:balance;overflow-wrap:anywhere}
h2{font:600 1.5rem/1.25 var(--reading);margin:3.2rem 0 .6rem}
h3{font-size:1rem;margin:1.6rem 0 .5rem;overflow-wrap:anywhere}
p{max-width:44rem;margin:.5rem 0}
a{color:var(--accent)}
.kicker,.note,caption,figcaption,.interval,dt,nav{color:var(--faint)}
.kicker{margin:0;font-size:.85rem;letter-spacing:.08em;text-transform:uppercase}
.note,figcaption{font-size:.9rem}
nav{position:sticky;top:0;z-index:2;background:var(--ground);border-bottom:1px solid var(--rule);margin-top:1.5rem}
nav ul{max-width:68rem;margin:0 auto;padding:.55rem 1.25rem;display:flex;gap:1.2rem;overflow-x:auto;list-style:none;white-space:nowrap;font-size:.9rem}
nav a{color:inherit;text-decoration:none}nav a:hover{color:var(--ink);text-decoration:underline}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;z-index:3;background:var(--paper);padding:.5rem}
.headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(12.5rem,1fr));margin:1rem 0;background:var(--paper);border:1px solid var(--rule);border-radius:10px;overflow:hidden}
.headline>div{padding:.9rem 1rem;box-shadow:0 0 0 .5px var(--rule)}
.headline dt{font-size:.85rem}.headline dd{margin:0}
.headline .value{font:600 1.75rem/1.2 var(--reading);font-variant-numeric:tabular-nums}
.interval{font-size:.82rem;font-variant-numeric:tabular-nums;white-space:nowrap}
.scroll{overflow-x:auto;margin:1rem 0;background:var(--paper);border:1px solid var(--rule);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.7rem .9rem;font-size:.88rem}
th,td{padding:.45rem .8rem;text-align:left;vertical-align:baseline;border-top:1px solid var(--rule)}
thead th{color:var(--faint);font-weight:600;vertical-align:bottom}
th.number,td.number{text-align:right}td.number{white-space:nowrap}
tbody th{font-weight:600;overflow-wrap:break-word;min-width:8rem}
td .interval{display:block}
th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid var(--accent)}
th button::after{content:"\\A0↕";opacity:.45}th[aria-sort=ascending] button::after{content:"\\A0↑";opacity:1}th[aria-sort=descending] button::after{content:"\\A0↓";opacity:1}
.good{color:var(--good)}.bad{color:var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem;margin:1rem 0}
.figures .scroll{margin:0;align-self:start}
figure{margin:0;padding:1rem;background:var(--paper);border:1px solid var(--rule);border-radius:10px}
figcaption{margin-bottom:.6rem}figcaption strong{display:block;color:var(--ink)}
.chart{display:block;width:100%;height:auto;max-width:40rem;margin:0 auto}
.how{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:1rem 0;font-size:.95rem}
.how dd{margin:0;overflow-wrap:anywhere}
code,pre{font:.88em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
pre{background:var(--paper);border:1px solid var(--rule);border-radius:10px;padding:.8rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere}
.utterances{list-style:none;margin:0;padding:0}
.utterance{background:var(--paper);border:1px solid var(--rule);border-radius:10px;padding:.8rem 1rem;margin:.7rem 0;content-visibility:auto;contain-intrinsic-size:auto 9rem}
.utterance h3{display:inline;margin:0;font-size:.95rem}
.utterance .facts{color:var(--faint);font-size:.88rem;margin:0}
.run-name{color:var(--faint);font-size:.85rem;margin:.6rem 0 0}
.aligned{font:1.12rem/1.6 var(--reading);max-width:none;margin:.3rem 0;overflow-wrap:anywhere}
.aligned u,.example u{text-decoration:underline;text-decoration-thickness:2px;text-decoration-color:var(--c2);text-underline-offset:3px}
.e{display:inline-block;text-align:center;line-height:1.2;border-radius:4px;padding:.05em .22em;margin:.1em 0}
.e.s{background:var(--sub)}.e.s del,.e.s ins{display:block}.e.s del{font-size:.8em;color:var(--sub-ink)}
.e del,.e ins{text-decoration:none}
.e.d{background:var(--gone)}.e.d del{color:var(--gone-ink);text-decoration:line-through;text-decoration-thickness:1px}
.e.i{background:var(--new)}.e.i ins{color:var(--new-ink)}.e.i ins::before{content:"+";opacity:.7}
.play{display:inline-block;white-space:nowrap;text-decoration:none;font-variant-numeric:tabular-nums;font-size:.88rem;padding:.05rem .4rem;border:1px solid var(--rule);border-radius:99px;margin:0 .25rem .2rem 0;background:var(--ground)}
.play::before{content:"▶\\FE0E";font-size:.75em;margin-right:.35em}
.play:hover{border-color:var(--accent)}.play.playing{border-color:var(--accent);background:var(--new)}
.key{display:flex;align-items:baseline;flex-wrap:wrap;gap:.4rem 1.4rem;list-style:none;padding:0;margin:.8rem 0;font-size:.92rem}
.controls{display:none;flex-wrap:wrap;gap:.6rem 1.2rem;align-items:center;margin:1rem 0;font-size:.92rem}
.scripted .controls{display:flex}
.controls input[type=search],.controls select{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--rule);border-radius:6px;padding:.35rem .5rem;max-width:100%}
summary{cursor:pointer;color:var(--accent);padding:.35rem 0}
.utterance summary{font-size:.88rem}
.written{margin:.2rem 0;font-size:.92rem;overflow-wrap:anywhere}
#player{position:fixed;inset:auto 0 0 0;z-index:3;background:var(--paper);border-top:1px solid var(--rule);padding:.5rem 1rem;display:flex;gap:1rem;align-items:center;justify-content:center}
#player[hidden]{display:none}#player audio{width:min(30rem,60vw);height:2.4rem}#player p{margin:0;font-size:.88rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
footer{padding:2.5rem 1.25rem 5rem;color:var(--faint);font-size:.9rem}
${chartStyle}
@media (max-width:40rem){main,header{padding-left:.9rem;padding-right:.9rem}.how{grid-template-columns:1fr;gap:0}.how dd{margin-bottom:.5rem}th,td{padding:.4rem .6rem}#player p{display:none}#player audio{width:100%}figure{padding:.7rem .5rem}}
@media print{:root{--ground:#fff;--paper:#fff;color-scheme:light}body{font-size:10pt}nav,.controls,#player,.play,.skip{display:none!important}.utterance{content-visibility:visible;break-inside:avoid}figure,.headline,tr{break-inside:avoid}.scroll{overflow:visible}h2,h3{break-after:avoid}.e{print-color-adjust:exact;-webkit-print-color-adjust:exact}main,header,footer{max-width:none;padding:0}}
`;
