// The elements in this document's window that are made to be acted on, in open shadow roots too.
() => {
  const found = [];
  const pointed = (element) => element && getComputedStyle(element).cursor === "pointer";
  const shown = (element) => [...element.getClientRects()].some((box) => box.width >= 1 && box.height >= 1
    && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight);
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const made = element.matches($WIDGETS) || (pointed(element) && !pointed(element.parentElement));
      if (made && shown(element)) found.push(element);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return found;
}
