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

/** Say something else; what is the same stays untouched, and so does a selection in it. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show a name that may be too long for its place: the pointer over it tells all of it. */
export function showName(element, name) {
  setText(element, name);
  element.title = name;
}

/** Put new children into a list of buttons; focus stays at its place in the list. */
export function refill(list, children) {
  const place = [...list.children].findIndex((child) => child.contains(document.activeElement));
  list.replaceChildren(...children);
  children[place]?.querySelector("button").focus({ preventScroll: true });
}

/** Call `run` on a click; a mouse's click leaves the keys to the page. */
export function onClick(element, run) {
  element.addEventListener("click", (event) => {
    if (event.detail > 0) element.blur();
    run();
  });
}

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
