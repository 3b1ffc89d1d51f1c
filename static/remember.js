const TOOLS = ["snap", "curve", "auto"];
const NAME = "labeler.tools";
const NOTE = "labeler.note";

/** Set the tools as they stood when the page was open last, and note how they stand from now on. */
export function rememberTools(editor) {
  try {
    const stored = JSON.parse(localStorage.getItem(NAME)) ?? {};
    for (const tool of TOOLS) if (tool in stored && stored[tool] !== editor[tool]) editor.toggle(tool);
  } catch {
    // kept nowhere, or not readable: the tools stand as they do at first
  }
  editor.on("tools.change", () => {
    try {
      localStorage.setItem(NAME, JSON.stringify(Object.fromEntries(TOOLS.map((tool) => [tool, editor[tool]]))));
    } catch {
      // a browser that keeps nothing
    }
  });
}

/** Load the page anew and say a sentence there. */
export function reloadAndSay(sentence) {
  try {
    sessionStorage.setItem(NOTE, sentence);
  } catch {
    // a browser that keeps nothing: loaded anew without a word
  }
  location.reload();
}

/** What the page wanted to say before it was loaded anew; null where it was not, or has said it. */
export function noteFromBefore() {
  try {
    const note = sessionStorage.getItem(NOTE);
    sessionStorage.removeItem(NOTE);
    return note;
  } catch {
    return null;
  }
}
