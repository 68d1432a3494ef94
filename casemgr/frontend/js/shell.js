// The frame: theme, rail, clock, copy buttons, what to say when a request fails. Everything here is comfort;
// controls that need it are marked `hidden` in the HTML and appear only when this runs.

for (const element of document.querySelectorAll("[data-theme-set], [data-rail-toggle], [data-palette-open], [data-dialog][hidden]")) {
  element.hidden = false;
}

const YEAR = 365 * 24 * 3600;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=${value ? YEAR : 0}; samesite=lax${secure}`;
}

function showCopyButtons(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

/** Says something for a few seconds; `tone` is "", "ok", "warn" or "stop". */
function toast(text, tone = "") {
  const note = document.createElement("div");
  note.className = `note ${tone}`;
  note.textContent = text;
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}

document.addEventListener("click", async (event) => {
  const theme = event.target.closest("[data-theme-set]");
  if (theme) {
    const chosen = theme.dataset.themeSet;
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    remember("theme", chosen);
  }
  if (event.target.closest("[data-rail-toggle]")) {
    const narrow = document.documentElement.dataset.rail !== "narrow";
    if (narrow) document.documentElement.dataset.rail = "narrow";
    else delete document.documentElement.dataset.rail;
    remember("rail", narrow ? "narrow" : "");
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.classList.add("done");
    toast("Copied.", "ok");
    setTimeout(() => copy.classList.remove("done"), 1500);
  }
  // A menu closes when one clicks elsewhere.
  for (const menu of document.querySelectorAll("details.menu[open], details.filters[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open], details.filters[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

function tick() {
  const now = new Date();
  const pad = (n) => String(n).padStart(2, "0");
  for (const clock of document.querySelectorAll("[data-clock]")) {
    clock.textContent = `${now.toISOString().slice(0, 10)} ${now.toISOString().slice(11, 16)} UTC`;
    clock.title = `Your time: ${pad(now.getHours())}:${pad(now.getMinutes())}`;
  }
  setTimeout(tick, 60_000 - (Date.now() % 60_000));
}

/** A table wider than its place is moved sideways with the arrow keys too, once it can have the focus. */
function reachWideTables() {
  for (const wrap of document.querySelectorAll(".table-wrap")) {
    if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
    else wrap.removeAttribute("tabindex");
  }
}

tick();
showCopyButtons(document);
reachWideTables();
addEventListener("resize", reachWideTables);
document.addEventListener("htmx:afterSwap", (event) => {
  showCopyButtons(event.target);
  reachWideTables();
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const reasons = {
    403: "You may not do this, or your session has ended. Reload the page and try again.",
    404: "This is no longer there, or you may not see it. Reload the page.",
    409: "Someone changed this in the meantime. Reload the page and look again.",
    429: "Too many requests. Wait a minute and try again.",
  };
  toast(reasons[status] ?? `The server could not do this (${status}). Nothing was changed. Try again; if it stays, tell your administrator.`, "stop");
});
document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Nothing was changed.", "stop"));
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone ?? "ok"));
