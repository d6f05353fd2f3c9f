/**
 * The script inside the report: plays recordings at the spot, sorts tables, sorts and filters utterances. The page can
 * be read without it. It is plain text because it runs in the browser of the reader.
 */
export const pageScript = `
"use strict";
document.documentElement.classList.add("scripted");

// One player for the whole page; a link plays its stretch of the recording.
const player = document.getElementById("player");
const audio = player.querySelector("audio");
let playing = null;
let stopAt = Infinity;
function stop() {
  playing?.classList.remove("playing");
  playing = null;
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.play");
  if (!link) return;
  event.preventDefault();
  const again = link === playing && !audio.paused;
  stop();
  audio.pause();
  if (again) return;
  const href = link.getAttribute("href");
  const source = href.startsWith("#") ? document.getElementById(href.slice(1)).src : link.href.split("#")[0];
  const start = Number(link.dataset.start ?? 0);
  stopAt = Number(link.dataset.end ?? Infinity);
  playing = link;
  link.classList.add("playing");
  player.hidden = false;
  const note = player.querySelector("p");
  note.textContent = link.getAttribute("aria-label");
  const begin = () => {
    audio.currentTime = start;
    audio.play().catch(fail);
  };
  const fail = () => {
    note.textContent = "The recording cannot be played: " + (href.startsWith("#") ? "unknown format" : decodeURI(href.split("#")[0]));
    stop();
  };
  audio.onerror = fail;
  if (audio.src === source && audio.readyState > 0) begin();
  else {
    audio.onloadedmetadata = begin;
    audio.src = source;
    audio.load();
  }
});
audio.addEventListener("timeupdate", () => {
  if (audio.currentTime < stopAt) return;
  stopAt = Infinity;
  audio.pause();
});
audio.addEventListener("pause", stop);

// Tables: a button in every heading.
const keyOf = (cell) => {
  const text = cell.dataset.sort ?? cell.textContent.trim();
  const number = Number(text.replace("−", "-").replace(/[,%×\\s]/g, ""));
  return text !== "" && Number.isFinite(number) ? number : text;
};
const compare = (left, right) =>
  typeof left === "number" && typeof right === "number"
    ? left - right
    : typeof left === typeof right ? left.localeCompare(right) : typeof left === "number" ? 1 : -1;
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  for (const [column, head] of heads.entries()) {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const direction = head.getAttribute("aria-sort") === first ? other : first;
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", direction);
      const sign = direction === "ascending" ? 1 : -1;
      const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
      rows.sort((left, right) => sign * compare(left.key, right.key));
      table.tBodies[0].append(...rows.map(({ row }) => row));
    });
  }
}

// Utterances: the first ones are shown, the rest is folded away.
for (const section of document.querySelectorAll(".utterance-list")) {
  const [shown, rest] = section.querySelectorAll("ol");
  const fold = section.querySelector("details.rest");
  const cards = [...section.querySelectorAll("li.utterance")];
  const texts = cards.map((card) => card.textContent.toLowerCase());
  const status = section.querySelector("[role=status]");
  const controls = section.querySelector("form");
  const limit = Number(section.dataset.shown);
  const arrange = () => {
    const { order, find, only } = controls.elements;
    const wanted = find.value.trim().toLowerCase();
    const kept = cards.filter((card, index) =>
      (wanted === "" || texts[index].includes(wanted)) && (only.value === "" || card.dataset[only.value] === "1"));
    if (order.value !== "") kept.sort((left, right) => Number(right.dataset[order.value]) - Number(left.dataset[order.value]));
    if (order.value === "place") kept.reverse();
    shown.replaceChildren(...kept.slice(0, limit));
    rest?.replaceChildren(...kept.slice(limit));
    if (fold) {
      fold.hidden = kept.length <= limit;
      fold.querySelector("summary").textContent = (kept.length - limit).toLocaleString("en-US") + " more utterances";
    }
    status.textContent = kept.length === cards.length ? "" : kept.length.toLocaleString("en-US") + " of " + cards.length.toLocaleString("en-US");
  };
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", arrange);
  controls.reset();
}

// A link to an utterance that is folded away opens the fold.
const reveal = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let fold = target && target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target) target.scrollIntoView();
};
addEventListener("hashchange", reveal);
reveal();
`;
