/** What a control says, without its icon, key and count. */
export function wordsOf(element) {
  if (element.dataset.palette) return element.dataset.palette;
  const copy = element.cloneNode(true);
  for (const noise of copy.querySelectorAll("kbd, svg, .count")) noise.remove();
  return copy.textContent.trim().replace(/\s+/g, " ") || element.getAttribute("aria-label") || element.title;
}
