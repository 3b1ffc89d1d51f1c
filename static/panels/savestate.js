import { byId } from "../dom.js";

const WORDS = {
  saved: "Saved", dirty: "Unsaved stroke", saving: "Saving…", failed: "Not saved", conflict: "Changed elsewhere",
};

/**
 * The small word that says whether everything is on disk, and whether there is a server to put more there.
 *
 * It is not read aloud, as it changes with each stroke: trouble is told in sentences besides.
 */
export class SaveState {
  #trouble = null;

  constructor(saver) {
    this.saver = saver;
    saver.on("save.state", () => this.#draw());
  }

  /** What is wrong with the server's answers, an error; null when all is well. */
  server(trouble) {
    this.#trouble = trouble;
    this.#draw();
  }

  #draw() {
    const { state } = this.saver;
    const isTold = this.#trouble && state === "saved"; // a stroke that is not on disk matters more
    const element = byId("save-state");
    element.textContent = isTold ? this.#word() : WORDS[state];
    element.dataset.state = isTold ? "failed" : state;
  }

  #word() {
    return this.#trouble.status === 0 ? "No server" : "Server error";
  }
}
