import { GROUPS } from "../actions.js";
import { byId, h } from "../dom.js";
import { keyName } from "../keys.js";

/** Fill the dialog of keys from the table of actions. */
export function fillHelp(actions, layout) {
  const sections = Object.entries(GROUPS).map(([group, title]) => {
    const lines = actions.filter((action) => action.group === group).map((action) => line(action, layout));
    return h("section", {}, h("h3", { textContent: title }), h("dl", {}, ...lines.flat()));
  });
  byId("help-keys").replaceChildren(...sections);
}

function line(action, layout) {
  const keys = action.keys.filter((key) => !key.startsWith("Numpad")).map((key) => h("kbd", { textContent: keyName(key, layout) }));
  const text = h("dd", { textContent: action.label });
  if (action.hint) text.append(h("small", { textContent: action.hint }));
  return [h("dt", {}, ...keys), text];
}
