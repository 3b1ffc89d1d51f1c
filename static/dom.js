/** Build an element: its tag, properties (and `aria-`/`data-` attributes), children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

/** 0:07, 1:02:03. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, i) => (i ? String(part).padStart(2, "0") : part)).join(":");
}

export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;

/** 1 clip, 2 clips. */
export const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
