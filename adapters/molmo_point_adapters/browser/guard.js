// Lets pointer events reach one element only, for as long as it stands, and notes what happens.
(expected) => {
  const TYPES = ["pointerdown", "mousedown", "click", "dblclick", "auxclick", "contextmenu", "touchstart"];
  const signs = new Set();
  let landed = false, blocked = false;
  const check = (event) => {
    if (!event.isTrusted) return;
    if (expected && event.composedPath().includes(expected)) landed = true;
    if (landed) return;
    blocked = true;
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  const notes = { focusin: "focus", input: "value", change: "value", scroll: "scroll" };
  const note = (event) => signs.add(notes[event.type]);
  const observer = new MutationObserver(() => signs.add("document"));
  const watched = { subtree: true, childList: true, attributes: true, characterData: true };
  observer.observe(document, watched);
  const root = expected?.getRootNode();
  if (root && root !== document) observer.observe(root, watched);
  for (const type of TYPES) window.addEventListener(type, check, { capture: true, passive: false });
  for (const type in notes) window.addEventListener(type, note, { capture: true });
  return {
    read: () => ({ landed, blocked, signs: [...signs] }),
    focused: () => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      const meant = expected?.control ?? expected;
      const editable = active?.isContentEditable || active?.localName === "textarea"
        || (active?.localName === "input" && !active.readOnly);
      return Boolean(editable && meant && (meant === active || meant.contains(active)));
    },
    stop: () => {
      observer.disconnect();
      for (const type of TYPES) window.removeEventListener(type, check, { capture: true });
      for (const type in notes) window.removeEventListener(type, note, { capture: true });
    },
  };
}
