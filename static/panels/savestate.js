import { byId } from "../dom.js";

const WORDS = {
  saved: "Saved", dirty: "Unsaved stroke", saving: "Saving…", failed: "Not saved", conflict: "Changed elsewhere",
};

/** The small word that says whether everything is on disk. */
export function showSaveState(saver) {
  saver.on("save.state", (state) => {
    const element = byId("save-state");
    element.textContent = WORDS[state];
    element.dataset.state = state;
  });
}
