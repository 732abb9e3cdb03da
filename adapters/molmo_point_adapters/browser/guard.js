// Lets pointer events reach one element only, for as long as it stands, and notes what happens.
(expected) => {
  const TYPES = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "dblclick", "auxclick",
    "contextmenu", "touchstart", "touchend"];
  const PRESSES = ["pointerdown", "mousedown", "touchstart"];
  const NO_TEXT = new Set(["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"]);
  const FIELDS = "input,textarea,[contenteditable],[role=textbox],[role=searchbox],[role=combobox],[role=spinbutton]";
  const meant = expected?.control ?? expected;
  const isField = (one) => one?.isContentEditable || one?.localName === "textarea"
    || (one?.localName === "input" && !one.readOnly && !NO_TEXT.has(one.type));
  const signs = new Set();
  let landed = false, open = false, blocked = false;
  const check = (event) => {
    if (!event.isTrusted) return;
    if (expected && event.composedPath().includes(expected)) landed = open = true;
    else if (PRESSES.includes(event.type)) open = false;  // of a double click each decides anew
    if (open) return;
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
      return Boolean(isField(active) && meant && (meant === active || meant.contains(active)));
    },
    takesText: () => Boolean(meant) && [meant, ...meant.querySelectorAll(FIELDS)]
      .some((one) => isField(one) || (one.matches("[role]") && one.matches(FIELDS) && one.localName !== "input")),
    stop: () => {
      observer.disconnect();
      for (const type of TYPES) window.removeEventListener(type, check, { capture: true });
      for (const type in notes) window.removeEventListener(type, note, { capture: true });
    },
  };
}
