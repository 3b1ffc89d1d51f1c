import { onClick } from "./dom.js";
import { isEnabled, keyName } from "./keys.js";

/** Make the buttons of the table of actions, each in the place of its group; returns what refreshes them soon. */
export function makeButtons(actions, layout) {
  const made = actions.map((action) => [action, button(action, layout)]);
  for (const [action, element] of made) place(action.group).append(element);
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      made.forEach(([action, element]) => refresh(action, element));
    });
  };
}

/** An icon of the page's own sheet. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  svg.append(use);
  return svg;
}

function place(group) {
  return document.querySelector(`[data-buttons="${group}"]`);
}

function button(action, layout) {
  const element = document.createElement("button");
  const keys = action.keys.map((key) => keyName(key, layout));
  element.type = "button";
  element.dataset.action = action.id;
  element.title = `${action.label} (${keys.join(" or ")})`;
  element.setAttribute("aria-label", action.label);
  element.setAttribute("aria-keyshortcuts", action.keys.join(" "));
  element.append(...face(action, keys[0]));
  onClick(element, () => action.run());
  return element;
}

function face(action, key) {
  const parts = [action.kind ? swatch(action.kind) : icon(action.icon)];
  if (!action.text) return parts;
  const text = document.createElement("span");
  text.textContent = action.text;
  const hint = document.createElement("kbd");
  hint.dataset.key = key; // drawn by the stylesheet: what is read aloud is aria-keyshortcuts
  return [...parts, text, hint];
}

/** A kind's letter on its colour. */
export function swatch({ colour, letter }) {
  const element = document.createElement("span");
  element.className = "swatch";
  element.setAttribute("aria-hidden", "true");
  element.dataset.letter = letter;
  element.style.setProperty("--kind", colour);
  return element;
}

function refresh(action, element) {
  element.disabled = !isEnabled(action);
  if (action.pressed) element.setAttribute("aria-pressed", String(Boolean(action.pressed())));
}
