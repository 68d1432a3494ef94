// Work by keyboard. `data-key="c"` on a button or link: pressing c clicks it. In a list marked `data-list`:
// j/k move, Enter opens, x selects, X selects the range. / goes to the search, ? lists the keys, g then a letter goes
// to a room. The key of a control inside the current row wins over the same key elsewhere.

const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const visible = (element) => !element.disabled && element.checkVisibility();

let lastSelected = null;
let goingTo = false;

const rows = () => [...document.querySelectorAll("[data-list] [data-row]")].filter(visible);
const currentRow = () => document.querySelector('[data-list] [data-row][aria-selected="true"]');

function moveTo(row) {
  if (!row) return;
  for (const other of rows()) other.setAttribute("aria-selected", String(other === row));
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  // A row that has a preview shows it; the link itself works without scripts.
  row.querySelector("[data-preview]")?.dispatchEvent(new CustomEvent("preview", { bubbles: true }));
}

function step(by) {
  const all = rows();
  const at = all.indexOf(currentRow());
  moveTo(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

function select(range) {
  const row = currentRow();
  const box = row?.querySelector("input[type=checkbox]");
  if (!box) return;
  if (range && lastSelected) {
    const all = rows();
    const [from, to] = [all.indexOf(lastSelected), all.indexOf(row)].sort((a, b) => a - b);
    for (const each of all.slice(from, to + 1)) setBox(each.querySelector("input[type=checkbox]"), true);
  } else {
    setBox(box, !box.checked);
    lastSelected = row;
  }
}

/** Enter opens the thing itself, where a click on the same link may only load its preview. */
function open(link) {
  if (link?.href) location.assign(link.href);
  else link?.click();
}

function setBox(box, on) {
  if (!box || box.checked === on) return;
  box.checked = on;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

function press(key) {
  const scope = document.querySelector("dialog[open]") ?? document;
  const candidates = [...scope.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter(visible);
  const row = currentRow();
  const chosen = candidates.find((element) => row?.contains(element)) ?? candidates[0];
  chosen?.click();
  return Boolean(chosen);
}

const own = {
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => currentRow() && step(1),
  ArrowUp: () => currentRow() && step(-1),
  Enter: () => open(currentRow()?.querySelector("[data-open], a")),
  x: () => select(false),
  X: () => select(true),
  "/": () => (document.querySelector("[data-filter]") ?? document.querySelector("[data-search]"))?.focus(),
  "?": () => document.getElementById("keys-help")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  if (goingTo) {
    goingTo = false;
    const place = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (place) {
      event.preventDefault();
      place.click();
    }
    return;
  }
  if (document.querySelector("dialog[open]")) {
    press(event.key);
    return;
  }
  // On a link or button Enter means that link or button.
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const inList = document.querySelector("[data-list]");
  const listKey = ["j", "k", "x", "X", "Enter", "ArrowDown", "ArrowUp"].includes(event.key);
  if (event.key === "g") {
    goingTo = true;
    setTimeout(() => { goingTo = false; }, 1500);
  } else if (own[event.key] && (!listKey || (inList && (event.key.length === 1 || currentRow())))) {
    event.preventDefault();
    own[event.key]();
  } else if (press(event.key)) {
    event.preventDefault();
  }
});

// Clicks that htmx must not hear, so that the link's own address opens: with a modifier (a new tab), and on a preview
// that would be out of sight below the list.
const stacked = matchMedia("(max-width: 980px)");
document.addEventListener("click", (event) => {
  const newTab = event.ctrlKey || event.metaKey || event.shiftKey;
  if ((newTab && event.target.closest("a[hx-get]")) || (stacked.matches && event.target.closest("a[data-preview]"))) {
    event.stopImmediatePropagation();
  }
}, { capture: true });

// The row one clicks is the current one.
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-list] [data-row]");
  if (!row) return;
  for (const other of rows()) other.setAttribute("aria-selected", String(other === row));
});
