// What can be done here, in two lists. Ctrl-K: every room of the rail, every action of the page (data-key, data-palette),
// and a search for what was typed; it only clicks what is on the page, so it can do nothing that the page does not offer.
// ?: every key with its meaning. Scripts import nothing from each other: each is served under a name with its hash.

const dialog = document.getElementById("palette");
const input = dialog?.querySelector("input");
const list = dialog?.querySelector("[role=listbox]");
let entries = [];
let at = 0;

/** What a control says, without its icon, key and count. */
function wordsOf(element) {
  if (element.dataset.palette) return element.dataset.palette;
  const copy = element.cloneNode(true);
  for (const noise of copy.querySelectorAll("kbd, svg, .count")) noise.remove();
  return copy.textContent.trim().replace(/\s+/g, " ") || element.getAttribute("aria-label") || element.title;
}

const visible = (element) => !element.disabled && element.checkVisibility();

function collect() {
  const rooms = [...document.querySelectorAll(".rail a:not(.brand)")].map((element) => ({ text: wordsOf(element), kind: "Go to", element }));
  const actions = [...document.querySelectorAll("[data-key], [data-palette]")]
    .filter((element) => visible(element) && !element.closest("dialog"))
    .map((element) => ({ text: wordsOf(element), kind: "Action", key: element.dataset.key, element }));
  const account = [...document.querySelectorAll(".top .menu > div :is(a, button)")].map((element) => ({ text: wordsOf(element), kind: "You", element }));
  entries = [...actions, ...rooms, ...account];
}

/** Letters of the query in order, better when they are together and at the start of a word. */
function score(text, query) {
  const haystack = text.toLowerCase();
  const whole = haystack.indexOf(query);
  if (whole >= 0) return 100 - whole - (whole && haystack[whole - 1] !== " " ? 20 : 0);
  let from = 0;
  for (const letter of query.replaceAll(" ", "")) {
    from = haystack.indexOf(letter, from) + 1;
    if (!from) return 0;
  }
  return 10;
}

function shown() {
  const query = input.value.trim().toLowerCase();
  const search = document.querySelector("[data-search]");
  const found = entries
    .map((entry) => ({ entry, score: query ? score(entry.text, query) : 1 }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((each) => each.entry);
  if (query && search) found.push({ text: `Search for “${input.value.trim()}”`, kind: "Search", search });
  return found;
}

function draw() {
  const found = shown();
  at = Math.max(0, Math.min(at, found.length - 1));
  list.replaceChildren(...found.map((entry, index) => {
    const option = document.createElement("li");
    option.role = "option";
    option.id = `palette-${index}`;
    option.ariaSelected = String(index === at);
    option.append(entry.text);
    const kind = document.createElement(entry.key ? "kbd" : "span");
    kind.className = entry.key ? "" : "kind faint small";
    kind.textContent = entry.key ?? entry.kind;
    option.append(kind);
    option.addEventListener("click", () => run(entry));
    return option;
  }));
  if (!found.length) {
    const none = document.createElement("li");
    none.role = "option";
    none.ariaDisabled = "true";
    none.className = "dim";
    none.textContent = "Nothing of that name on this page.";
    list.append(none);
  }
  input.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
  list.children[at]?.scrollIntoView({ block: "nearest" });
}

function run(entry) {
  dialog.close();
  if (entry.search) {
    entry.search.value = input.value.trim();
    entry.search.form.requestSubmit();
  } else {
    entry.element.click();
  }
}

function open() {
  collect();
  at = 0;
  input.value = "";
  draw();
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && dialog) {
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  }
});
document.addEventListener("click", (event) => event.target.closest("[data-palette-open]") && open());
input?.addEventListener("input", () => { at = 0; draw(); });
input?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    at += event.key === "ArrowDown" ? 1 : -1;
    draw();
  } else if (event.key === "Enter") {
    event.preventDefault();
    const entry = shown()[at];
    if (entry) run(entry);
  }
});

/** Every key of this page with what it does: [key, words]. */
function keysOfPage() {
  const list = document.querySelector("[data-list]")
    ? [["j", "next row"], ["k", "previous row"], ["Enter", "open the row"], ["x", "select the row"], ["X", "select up to here"]]
    : [];
  const buttons = [...document.querySelectorAll("[data-key]")].filter(visible).map((element) => [element.dataset.key, wordsOf(element)]);
  const rooms = [...document.querySelectorAll("[data-go]")].map((element) => [`g ${element.dataset.go}`, wordsOf(element)]);
  const general = [["/", "search or filter"], ["Ctrl K", "command palette"], ["?", "this list"]];
  return [...list, ...new Map([...buttons, ...rooms, ...general])];
}

document.getElementById("keys-help")?.addEventListener("beforetoggle", () => {
  const list = document.querySelector("[data-keys-list]");
  list.replaceChildren(...keysOfPage().flatMap(([key, words]) => {
    const term = document.createElement("dt");
    for (const part of key.split(" ")) {
      const cap = document.createElement("kbd");
      cap.textContent = part;
      term.append(cap, " ");
    }
    const meaning = document.createElement("dd");
    meaning.textContent = words;
    return [term, meaning];
  }));
});
