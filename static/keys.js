/** Keyboard -> actions, by the place of a key (event.code), so that every layout has the same hands. */

const NAMES = {
  BracketLeft: "[", BracketRight: "]", Equal: "+", Minus: "−", NumpadAdd: "Num +", NumpadSubtract: "Num −",
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Slash: "/", Delete: "Del", Control: "Ctrl", Shift: "⇧", Enter: "↵",
};

/** The key combination of an event, in the form of the table of actions. */
function combination(event) {
  const modifiers = [
    (event.ctrlKey || event.metaKey) && "Control", event.altKey && "Alt", event.shiftKey && "Shift",
  ].filter(Boolean);
  // Undo and redo belong to the letter, which lies elsewhere on a German keyboard.
  const isLetter = modifiers.includes("Control") && /^[a-z]$/i.test(event.key);
  return [...modifiers, isLetter ? `Key${event.key.toUpperCase()}` : event.code].join("+");
}

const isTyping = ({ target }) => target.matches?.("input:not([type=radio]), textarea, select, [contenteditable]");
const pressesControl = ({ target, code }) =>
  ((code === "Space" || code === "Enter") && target.matches?.("button, a[href], summary")) ||
  ((code === "Space" || code.startsWith("Arrow")) && target.matches?.("input[type=radio]"));

/** Whether an action can be done as things stand. */
export const isEnabled = (action) => !action.enabled || Boolean(action.enabled());

/** Run actions by key until the returned function is called. */
export function listenForKeys(actions) {
  const table = new Map(actions.flatMap((action) => action.keys.map((key) => [key, action])));
  const onKey = (event) => {
    if (event.defaultPrevented || event.isComposing || isTyping(event) || pressesControl(event)) return;
    if (document.querySelector("dialog[open]")) return;
    const action = table.get(combination(event)) ?? (event.key === "?" && table.get("Shift+Slash"));
    if (!action) return;
    event.preventDefault();
    if (event.repeat && ["next", "accept", "accept-next", "play", "preview"].includes(action.id)) return;
    if (isEnabled(action)) action.run();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

/** How a combination is written on this keyboard. */
export function keyName(combination, layout) {
  if (combination === "Shift+Slash") return "?";
  return combination.split("+").map((code) => {
    const printed = layout?.get(code)?.toUpperCase().replace("=", "+");
    return printed || (NAMES[code] ?? code.replace(/^(Key|Digit)/, "").replace(/^Numpad/, "Num "));
  }).join(" ");
}

/** What is printed on the keys, where the browser tells. */
export async function keyboardLayout() {
  return navigator.keyboard?.getLayoutMap?.().catch(() => null) ?? null;
}
