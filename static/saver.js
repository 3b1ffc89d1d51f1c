import * as api from "./api.js";
import { Emitter } from "./events.js";
import { labelsFromMarks } from "./mark-rules.js";

const DELAY_MS = 800; // from the first stroke that is not saved yet, so that a crash loses at most a second

/**
 * Saves the clip on show: soon after a stroke, and when it is left. One request at a time.
 *
 * Emits `save.state` ("saved", "dirty", "saving", "failed", "conflict"), `save.done`, `save.conflict`.
 */
export class Saver extends Emitter {
  #timer = null;
  #working = Promise.resolve();
  #dirty = false;

  constructor(editor) {
    super();
    this.editor = editor;
    this.state = "saved";
    editor.on("marks.change", ({ byPerson }) => byPerson && this.#touched());
    editor.on("clip.accept", () => this.save({ reviewed: true }));
    addEventListener("pagehide", () => this.#leave());
    addEventListener("visibilitychange", () => document.hidden && this.save());
    addEventListener("beforeunload", (event) => this.#dirty && this.state === "failed" && event.preventDefault());
  }

  /**
   * Save what is on show if it differs from what the server holds; resolves to false on a conflict or a
   * failure. `reviewed` says that a person has dealt with the clip.
   */
  save({ reviewed = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#working = this.#working.then(() => this.#send(reviewed));
    return this.#working;
  }

  /** After a conflict: mine goes over theirs, or theirs replaces mine. */
  async resolve(choice, current, reviewed) {
    this.editor.settle(current);
    if (choice === "mine") {
      this.#dirty = true;
      this.#enter("dirty");
      return this.save({ reviewed });
    }
    this.#dirty = false;
    this.editor.reset();
    this.#enter("saved");
    return true;
  }

  #touched() {
    this.#dirty = true;
    this.#enter("dirty");
    this.#timer ??= setTimeout(() => this.save(), DELAY_MS);
  }

  async #send(reviewed) {
    const { clip } = this.editor;
    const review = reviewed && !clip.labels.reviewed;
    if (this.state === "conflict" || !clip || (!this.#dirty && !review)) return this.state !== "conflict";
    const body = this.#body(reviewed);
    this.#dirty = false;
    this.#enter("saving");
    try {
      const answer = await api.saveLabels(clip.id, body);
      this.#settle(clip, answer);
      return true;
    } catch (error) {
      this.#dirty = true;
      this.#failed(clip, error, reviewed);
      return false;
    }
  }

  #settle(clip, answer) {
    if (this.editor.clip === clip) this.editor.settle(answer.labels);
    else clip.labels = answer.labels;
    this.#enter(this.#dirty ? "dirty" : "saved");
    this.emit("save.done", { id: clip.id, ...answer });
  }

  #failed(clip, error, reviewed) {
    if (error.status === 409) {
      this.#enter("conflict");
      this.emit("save.conflict", { id: clip.id, current: error.body.current, reviewed });
      return;
    }
    this.#enter("failed");
    this.emit("save.failed", error.message);
    this.#timer ??= setTimeout(() => this.save({ reviewed }), 3000);
  }

  #leave() {
    const { clip } = this.editor;
    if (!this.#dirty || !clip || this.state === "conflict") return;
    this.#dirty = false;
    api.saveLabels(clip.id, this.#body(false), true).catch(() => {});
  }

  #body(reviewed) {
    const { clip: { labels }, isProposal } = this.editor;
    const agreed = !isProposal && (labels.reviewed || reviewed); // undone as far as the proposal, it is one again
    return { ...labelsFromMarks(this.editor.marks), revision: labels.revision, reviewed: agreed };
  }

  #enter(state) {
    this.state = state;
    this.emit("save.state", state);
  }
}
