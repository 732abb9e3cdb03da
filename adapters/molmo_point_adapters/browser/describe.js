// What an element is called, how it is found again, and where it is, in CSS pixels of its layout.
(element, [x, y]) => {
  const TAGS = {
    a: "link", area: "link", button: "button", select: "combobox", textarea: "textbox", img: "img",
    summary: "button", option: "option", nav: "navigation", main: "main", table: "table", li: "listitem",
    h1: "heading", h2: "heading", h3: "heading", h4: "heading", h5: "heading", h6: "heading",
    label: "label", progress: "progressbar", dialog: "dialog", form: "form", canvas: "canvas",
    iframe: "iframe", video: "video",
  };
  const INPUTS = {
    button: "button", submit: "button", reset: "button", image: "button", checkbox: "checkbox",
    radio: "radio", range: "slider", number: "spinbutton", search: "searchbox", hidden: "",
    color: "color", file: "button",
  };
  const roleOf = () => {
    const said = (element.getAttribute("role") ?? "").trim().split(/\s+/)[0];
    if (said) return said;
    if (element.localName === "input") return INPUTS[element.type] ?? "textbox";
    if (element.isContentEditable) return "textbox";
    return TAGS[element.localName] ?? "";
  };
  const byIds = (ids) => ids.split(/\s+/).map((id) => element.getRootNode().getElementById?.(id))
    .filter(Boolean).map((one) => one.innerText ?? one.textContent).join(" ");
  const textOf = (label) => [...label.childNodes]
    .filter((node) => !["input", "select", "textarea", "button"].includes(node.localName))
    .map((node) => node.innerText ?? node.textContent).join(" ");
  const nameOf = () => {
    if (element === document.body || element === document.documentElement) return "";
    const labelled = byIds(element.getAttribute("aria-labelledby") ?? "");
    if (labelled.trim()) return labelled;
    if (element.ariaLabel?.trim()) return element.ariaLabel;
    const labels = [...(element.labels ?? [])].map(textOf).join(" ");
    if (labels.trim()) return labels;
    if (element.localName === "input" && ["button", "submit", "reset"].includes(element.type)) {
      return element.value || element.type;
    }
    const typed = ["input", "textarea", "select"].includes(element.localName);
    const words = typed ? "" : element.innerText ?? element.textContent ?? "";
    if (words.trim()) return words;
    const picture = element.querySelector("img[alt],[aria-label],svg title");
    const drawn = picture && (picture.alt || picture.ariaLabel || picture.textContent);
    return element.alt || drawn || element.placeholder || element.title || element.name || "";
  };
  const steady = (word) => word && /^[A-Za-z][\w-]*$/.test(word) && !/\d{3}/.test(word);
  const within = (root, one) => {
    const alone = (selector) => root.querySelectorAll(selector).length === 1;
    const direct = (node) => {
      const tries = [];
      for (const name of ["data-testid", "data-test", "data-qa"]) {
        if (node.hasAttribute(name)) tries.push(`[${name}=${JSON.stringify(node.getAttribute(name))}]`);
      }
      if (steady(node.id)) tries.push(`#${CSS.escape(node.id)}`);
      for (const name of ["name", "aria-label", "href", "value", "title", "alt"]) {
        const value = node.getAttribute(name);
        if (value && value.length < 80) tries.push(`${node.localName}[${name}=${JSON.stringify(value)}]`);
      }
      return tries.find(alone);
    };
    let path = "";
    for (let node = one; node; node = node.parentElement) {
      const short = direct(node);
      if (short) return path ? `${short} > ${path}` : short;
      const kin = node.parentNode ? [...node.parentNode.children] : [];
      const same = kin.filter((other) => other.localName === node.localName);
      const step = same.length > 1 ? `${node.localName}:nth-of-type(${same.indexOf(node) + 1})` : node.localName;
      path = path ? `${step} > ${path}` : step;
    }
    return path;
  };
  const selectorOf = () => {
    const parts = [];
    for (let one = element; one; one = one.getRootNode().host) parts.unshift(within(one.getRootNode(), one));
    return parts.join(" >> ");
  };
  const isSecret = (field) => field.type === "password"
    || (field.autocomplete ?? "").split(/\s+/).some((word) => /^cc-|password$|^one-time-code$/.test(word));
  const boxes = [...element.getClientRects()];
  const box = boxes.find((one) => x >= one.left && x < one.right && y >= one.top && y < one.bottom)
    ?? element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const role = roleOf();
  const pushed = element.localName === "input" && ["button", "submit", "reset"].includes(element.type);
  const shown = [element.innerText, element.title, element.alt, pushed ? element.value : "",
    ...[...element.querySelectorAll("[alt],[title],[aria-label]")]
      .flatMap((one) => [one.alt, one.title, one.ariaLabel])];
  const INERT = new Set(["", "img", "navigation", "main", "table", "listitem", "heading", "progressbar",
    "dialog", "form", "canvas", "iframe", "video"]);
  return {
    role, name: nameOf(), selector: selectorOf(), box: [box.left, box.top, box.width, box.height],
    interactive: !INERT.has(role) || style.cursor === "pointer" || element.hasAttribute("onclick")
      || element.tabIndex >= 0,
    text: shown.filter((words) => typeof words === "string" && words).join(" "),
    secret: [element.control ?? element, ...element.querySelectorAll("input")].some(isSecret),
    sealed: self.origin === "null",
  };
}
