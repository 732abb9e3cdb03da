// The element under a place of this document, or an interactive one within reach.
([x, y, reach]) => {
  const DIRECTIONS = 8, STEP = 2;
  const deepest = (x, y) => {
    let hit = document.elementFromPoint(x, y);
    while (hit?.shadowRoot) {
      const inner = hit.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === hit) break;
      hit = inner;
    }
    return hit;
  };
  const parent = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const pointed = (element) => element !== null && getComputedStyle(element).cursor === "pointer";
  const widget = (hit) => {
    for (let up = hit; up; up = parent(up)) {
      if (up.matches($WIDGETS) && up !== document.body) return up;
      if (pointed(up) && !pointed(parent(up))) return up;
    }
    return null;
  };
  const hit = deepest(x, y);
  if (!hit || hit.localName === "iframe" || hit.localName === "frame") return hit;
  const under = widget(hit);
  if (under) return under;
  for (let radius = STEP; radius <= reach; radius += STEP) {
    for (let turn = 0; turn < DIRECTIONS; turn++) {
      const angle = (2 * Math.PI * turn) / DIRECTIONS;
      const near = deepest(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
      if (near && near.localName !== "iframe" && widget(near)) return widget(near);
    }
  }
  return hit;
}
