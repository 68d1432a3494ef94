// Draws the campaign's activity and hours again with ECharts, so that one can point at a bar, zoom, and leave rings out.
// The server's pictures stand there until this has drawn, and stay where scripts do not run. Colours are the theme's.

const data = JSON.parse(document.getElementById("campaign-data").textContent);
const drawn = new Map();
const WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function axis(more) {
  const line = { lineStyle: { color: token("line") } };
  return { axisLabel: { color: token("ink-2"), fontSize: 11 }, axisLine: line, splitLine: line, axisTick: { show: false }, ...more };
}

// Tooltips are drawn on the canvas: as HTML they would bring inline styles, which the page's policy refuses.
function shared(label) {
  return {
    animation: false,
    aria: { enabled: true, label: { description: label } },
    textStyle: { fontFamily: token("font-ui"), color: token("ink") },
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: token("paper"), borderColor: token("line-2"),
      textStyle: { color: token("ink"), fontSize: 12 },
    },
  };
}

const OPTIONS = {
  activity() {
    const base = shared("Exchanges a day, by ring. The same is in the table below.");
    return {
      ...base,
      tooltip: { ...base.tooltip, trigger: "axis", order: "valueDesc" },
      legend: { type: "scroll", bottom: 0, textStyle: { color: token("ink-2") }, pageTextStyle: { color: token("ink-2") }, pageIconColor: token("ink-2") },
      grid: { left: 8, right: 12, top: 12, bottom: 34, containLabel: true },
      dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl", moveOnMouseWheel: false }],
      xAxis: axis({ type: "category", data: data.days }),
      yAxis: axis({ type: "value" }),
      series: data.rings.map((ring, at) => ({
        name: ring.ref, type: "bar", stack: "all", data: data.activity[at], color: token(`c${Math.min(at, 7)}`),
        barCategoryGap: "12%",
      })),
    };
  },
  hours() {
    const base = shared("Exchanges by hour of the week, UTC. The same is in the table below.");
    const cells = data.hours.flatMap((row, day) => row.map((value, hour) => [hour, day, value]));
    return {
      ...base,
      tooltip: { ...base.tooltip, formatter: ({ value }) => `${WEEK[value[1]]} ${String(value[0]).padStart(2, "0")}:00  ${value[2].toLocaleString("en")} exchanges` },
      grid: { left: 8, right: 12, top: 8, bottom: 46, containLabel: true },
      xAxis: axis({ type: "category", data: [...Array(24).keys()].map((hour) => String(hour).padStart(2, "0")) }),
      yAxis: axis({ type: "category", data: WEEK, inverse: true }),
      visualMap: {
        min: 0, max: Math.max(1, ...cells.map((cell) => cell[2])), orient: "horizontal", left: "center", bottom: 0,
        itemHeight: 120, itemWidth: 12, textStyle: { color: token("ink-2") },
        inRange: { color: [0, 1, 2, 3, 4, 5].map((step) => token(`heat-${step}`)) },
      },
      series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: token("paper"), borderWidth: 2 } }],
    };
  },
};

function draw(figure) {
  let chart = drawn.get(figure);
  if (!chart) {
    const box = document.createElement("div");
    box.className = "live";
    figure.append(box);
    chart = echarts.init(box, null, { renderer: "canvas" });
    drawn.set(figure, chart);
  }
  chart.setOption(OPTIONS[figure.dataset.picture](), true);
  figure.querySelector(".drawing").classList.add("visually-hidden");
}

function drawAll() {
  for (const figure of drawn.keys()) draw(figure);
}

// A picture is drawn when it comes near: the first paint is the server's.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) {
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }
}, { rootMargin: "200px" });
for (const figure of document.querySelectorAll("[data-picture]")) {
  if (OPTIONS[figure.dataset.picture]) near.observe(figure);
}
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
