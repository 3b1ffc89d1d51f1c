import * as api from "./api.js";
import { Emitter } from "./events.js";
import { labelsFromMarks } from "./mark-rules.js";

const DELAY_MS = 800; // from the first stroke that is not saved yet, so that a crash loses at most a second
const RETRY_MS = 3000;

/**
 * Saves the clip on show: soon after a stroke, and when it is left. One request at a time; what is saved is
 * what was on show when it was asked for.
 *
 * Emits `save.state` ("saved", "dirty", "saving", "failed", "conflict"), `save.done`, `save.conflict`.
 */
export class Saver extends Emitter {
  #timer = null;
  #working = Promise.resolve();
  #sending = null; // the clip whose labels are on their way
  #dirty = false; // whether the clip on show has strokes that are neither saved nor on their way

  constructor(editor) {
    super();
    this.editor = editor;
    this.state = "saved";
    editor.on("marks.change", ({ byPerson }) => byPerson && this.#touched());
    editor.on("clip.accept", () => this.save({ reviewed: true }));
    editor.on("clip.leave", () => this.save());
    addEventListener("pagehide", () => this.#leave());
    addEventListener("visibilitychange", () => document.hidden && this.save());
    addEventListener("beforeunload", (event) => this.#isAtRisk && event.preventDefault());
  }

  /**
   * Save what is on show if it differs from what the server holds; resolves to false on a conflict or a
   * failure. `reviewed` says that a person has dealt with the clip.
   */
  save({ reviewed = false } = {}) {
    clearTimeout(this.#timer);
    this.#timer = null;
    const { clip } = this.editor;
    if (clip && this.state !== "conflict" && (this.#dirty || (reviewed && !clip.labels.reviewed))) {
      const wanted = { clip, reviewed, labels: this.#labels(reviewed) };
      this.#dirty = false;
      this.#working = this.#working.then(() => this.#send(wanted));
    }
    return this.#working.then(() => this.state !== "conflict" && this.state !== "failed");
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

  async #send({ clip, reviewed, labels }) {
    if (this.state === "conflict") {
      this.#dirty ||= this.editor.clip === clip;
      return;
    }
    this.#sending = clip;
    this.#enter("saving");
    try {
      const answer = await api.saveLabels(clip.id, { ...labels, revision: clip.labels.revision, folder: clip.folder });
      this.#settle(clip, answer.labels);
      this.emit("save.done", { id: clip.id, ...answer });
    } catch (error) {
      const cameThrough = error.status === 409 && isSame(error.body.current, labels);
      if (cameThrough) this.#settle(clip, error.body.current); // only its answer did not
      else this.#failed({ clip, reviewed, labels }, error);
    } finally {
      this.#sending = null;
    }
  }

  #settle(clip, labels) {
    if (this.editor.clip === clip) this.editor.settle(labels);
    else clip.labels = labels;
    this.#enter(this.#dirty ? "dirty" : "saved");
  }

  #failed(wanted, error) {
    const { clip, reviewed } = wanted;
    const isOnShow = this.editor.clip === clip;
    this.#dirty ||= isOnShow;
    if (error.status === 409 && !isOnShow) {
      this.#settle(clip, error.body.current);
      this.emit("save.failed", `${error.message} Your last stroke on it is not saved.`);
      return;
    }
    if (error.status === 409) {
      this.#enter("conflict");
      this.emit("save.conflict", { id: clip.id, current: error.body.current, reviewed });
      return;
    }
    this.#enter("failed");
    this.emit("save.failed", error.message);
    if (isOnShow) this.#timer ??= setTimeout(() => this.save({ reviewed }), RETRY_MS);
    else setTimeout(() => (this.#working = this.#working.then(() => this.#send(wanted))), RETRY_MS);
  }

  get #isAtRisk() {
    return this.state === "failed" || (this.#dirty && this.#sending !== null);
  }

  /** The page is closed: what is on its way will be there by then, and counts as one revision. */
  #leave() {
    const { clip } = this.editor;
    if (!this.#dirty || !clip || this.state === "conflict") return;
    this.#dirty = false;
    const revision = clip.labels.revision + (this.#sending === clip ? 1 : 0);
    api.saveLabels(clip.id, { ...this.#labels(false), revision, folder: clip.folder }, true).catch(() => {});
  }

  /** What is on show as labels; undone as far as the proposal, it is nothing that a person said. */
  #labels(reviewed) {
    const { clip, marks, isProposal, source } = this.editor;
    const said = labelsFromMarks(isProposal ? [] : marks);
    return { ...said, source, reviewed: !isProposal && (clip.labels.reviewed || reviewed) };
  }

  #enter(state) {
    this.state = state;
    this.emit("save.state", state);
  }
}

/** Whether what the server holds is what was sent. */
const isSame = (current, sent) =>
  ["remove", "unknown", "reviewed"].every((name) => JSON.stringify(current?.[name]) === JSON.stringify(sent[name]));
