// The graph of rings and what they share, in Cytoscape.js: places come from the server, and choosing a node asks the
// server what is behind it. The table beside it does the same by keyboard; this only follows what the table loads.

const data = JSON.parse(document.getElementById("campaign-data").textContent);
const figure = document.querySelector('[data-picture="graph"]');
const SHAPES = { ring: "ellipse", own: "round-rectangle", value: "diamond", more: "diamond", account: "ellipse" };
let graph = null;

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function style() {
  return [
    { selector: "node", style: { width: "data(size)", height: "data(size)", shape: "data(shape)", "background-color": (node) => token(node.data("token")), "border-width": 1, "border-color": token("paper") } },
    { selector: "node[label]", style: { label: "data(label)", color: token("ink"), "font-size": 20, "font-family": token("font-ui"), "text-valign": "top", "text-margin-y": -4, "text-outline-color": token("paper"), "text-outline-width": 3 } },
    { selector: "edge", style: { width: "data(width)", "line-color": token("line-2"), "line-opacity": 0.55, "curve-style": "haystack" } },
    { selector: ":selected", style: { "border-width": 4, "border-color": token("focus") } },
  ];
}

function node(one, at) {
  const isRing = one.type === "ring";
  return {
    data: {
      id: one.id, opens: one.opens, size: 2 * one.r, shape: SHAPES[one.type],
      token: isRing ? `c${Math.min(at, 7)}` : one.type === "own" ? "line-2" : "ink", ...(isRing ? { label: one.label } : {}),
    },
    position: { x: one.x, y: one.y },
  };
}

function edge([source, target, accounts]) {
  return { data: { source, target, width: Math.min(0.8 + accounts / 400, 6) } };
}

function draw() {
  const box = document.createElement("div");
  box.className = "live";
  figure.append(box);
  graph = cytoscape({
    container: box, style: style(), layout: { name: "preset", fit: true, padding: 24 }, wheelSensitivity: 0.3,
    userZoomingEnabled: false, boxSelectionEnabled: false, autoungrabify: true,
    elements: [...data.nodes.map(node), ...data.edges.map(edge)],
  });
  figure.querySelector(".drawing").classList.add("visually-hidden");
  graph.on("tap", "node", ({ target }) => {
    document.querySelector(`[data-opens="${CSS.escape(target.id())}"]`)?.click();
  });
  // Zooming by the wheel needs a key, so that one can scroll past the graph.
  box.addEventListener("wheel", (event) => graph.userZoomingEnabled(event.ctrlKey || event.metaKey), { capture: true, passive: true });
}

/** Puts what is behind a node around it; what was opened before goes. */
function open(inside) {
  const centre = graph.getElementById(inside.node);
  graph.nodes(".behind").remove();
  if (centre.empty()) return;
  graph.elements(":selected").unselect();
  centre.select();
  const found = inside.values ?? inside.accounts ?? [];
  const { x, y } = centre.position();
  found.forEach((one, at) => {
    if (graph.getElementById(one.id).nonempty()) return;
    const angle = (2 * Math.PI * at) / found.length, reach = centre.data("size") / 2 + 26 + (at % 2) * 14;
    graph.add({ classes: "behind", data: { id: one.id, size: 9, shape: inside.values ? "diamond" : "ellipse", token: "accent" }, position: { x: x + reach * Math.cos(angle), y: y + reach * Math.sin(angle) } });
    graph.add({ data: { source: inside.node, target: one.id, width: 1 } });
  });
}

if (figure && data.edges.length) {
  new IntersectionObserver((entries, near) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    near.disconnect();
    draw();
  }, { rootMargin: "200px" }).observe(figure);
  const again = () => graph?.style(style());
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  document.addEventListener("htmx:afterSettle", () => {
    const behind = document.getElementById("behind-data");
    if (behind && graph) open(JSON.parse(behind.textContent));
  });
}
