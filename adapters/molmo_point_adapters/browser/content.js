// The content box of an iframe, within its border and padding: left, top, width, height.
(iframe) => {
  const box = iframe.getBoundingClientRect(), style = getComputedStyle(iframe);
  const padding = (side) => parseFloat(style[`padding${side}`]);
  const across = box.width / iframe.offsetWidth, down = box.height / iframe.offsetHeight;
  const width = iframe.clientWidth - padding("Left") - padding("Right");
  const height = iframe.clientHeight - padding("Top") - padding("Bottom");
  return [
    box.left + (iframe.clientLeft + padding("Left")) * across,
    box.top + (iframe.clientTop + padding("Top")) * down,
    width * across, height * down,
  ];
}
