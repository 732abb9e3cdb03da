// What of each marked element can be seen, in CSS pixels of the window.
() => {
  const GRID = 7;
  const LOOSE = new Set(["text", "heading", "link"]);
  const clipOf = (element) => {
    const clip = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
    for (let up = element.parentElement; up; up = up.parentElement) {
      if (up === document.body || up === document.documentElement) continue;
      if (getComputedStyle(up).overflow === "visible") continue;
      const box = up.getBoundingClientRect();
      clip.left = Math.max(clip.left, box.left);
      clip.top = Math.max(clip.top, box.top);
      clip.right = Math.min(clip.right, box.right);
      clip.bottom = Math.min(clip.bottom, box.bottom);
    }
    return clip;
  };
  const boxOf = (element, role) => {
    if (!LOOSE.has(role)) return element.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect();
  };
  const textOf = (element) => {
    if (element.tagName === "SELECT") return element.selectedOptions[0]?.text ?? "";
    return element.value !== undefined && element.tagName !== "BUTTON"
      ? element.type === "text" ? element.value || element.placeholder : ""
      : (element.innerText ?? "").trim();
  };
  // [share of its points seen, whether some of them only through a veil]
  const seen = (element, box, clip) => {
    let count = 0, veiled = false;
    for (let row = 0; row < GRID; row++) {
      for (let column = 0; column < GRID; column++) {
        const x = box.left + ((column + 0.5) / GRID) * box.width;
        const y = box.top + ((row + 0.5) / GRID) * box.height;
        if (x < clip.left || x >= clip.right || y < clip.top || y >= clip.bottom) continue;
        let through = false;
        for (const hit of document.elementsFromPoint(x, y)) {
          if (hit.classList.contains("veil") && !hit.contains(element)) {
            through = true;
            continue;
          }
          if (hit === element || element.contains(hit) || hit.contains(element)) {
            count += 1;
            veiled ||= through;
          }
          break;
        }
      }
    }
    return [count / (GRID * GRID), veiled];
  };
  const found = [];
  for (const element of document.querySelectorAll("[data-mp]")) {
    const [role, concept, row, states] = element.dataset.mp.split("|");
    const box = boxOf(element, role);
    if (box.width < 2 || box.height < 2) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const clip = clipOf(element);
    const [share, veiled] = seen(element, box, clip);
    const left = Math.max(box.left, clip.left), top = Math.max(box.top, clip.top);
    const right = Math.min(box.right, clip.right), bottom = Math.min(box.bottom, clip.bottom);
    if (share === 0 || right <= left || bottom <= top) continue;
    const cut = right - left < 0.95 * box.width || bottom - top < 0.95 * box.height;
    const state = states ? states.split(",") : [];
    if (element.disabled && !state.includes("disabled")) state.push("disabled");
    found.push({
      role, concept, row, states: state, text: textOf(element), box: [left, top, right, bottom],
      whole: share > 0.9 && !veiled && !cut,
    });
  }
  return found;
};
