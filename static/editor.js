import { Emitter } from "./events.js";
import { History } from "./history.js";
import * as rules from "./mark-rules.js";

/**
 * The clip on show, its marks, and what is chosen among them. Knows nothing of pixels, keys or servers.
 *
 * Emits `clip.leave`, `clip.open`, `marks.change` ({byPerson}), `selection.change`, `tools.change`, `clip.accept`.
 */
export class Editor extends Emitter {
  #histories = new Map();

  constructor() {
    super();
    this.clip = null;
    this.selected = -1;
    this.edge = "end";
    this.brush = "";
    this.snap = true;
    this.curve = false;
    this.auto = false; // play each clip when it opens
    this.in = null; // where a stroke by keys began, seconds
  }

  get marks() {
    return this.#history?.present.marks ?? [];
  }

  /** Whether the marks on show are the model's and nobody has agreed to them yet. */
  get isProposal() {
    return this.#history?.present.isProposal ?? false;
  }

  /** Whose the marks on show are, as labels.json says it: strokes are a person's. */
  get source() {
    return this.#history?.present.source ?? "person";
  }

  get selection() {
    return this.marks[this.selected] ?? null;
  }

  get canUndo() {
    return this.#history?.canUndo ?? false;
  }

  get canRedo() {
    return this.#history?.canRedo ?? false;
  }

  /** Show a clip; strokes made on it earlier can still be undone unless somebody else changed it since. */
  open(clip) {
    if (this.clip && this.clip !== clip) this.emit("clip.leave", this.clip);
    this.clip = clip;
    this.in = null;
    const known = this.#histories.get(clip.id);
    const fresh = startingState(clip);
    const isUntouched = known && !known.history.canUndo && !known.history.canRedo;
    const isOther = known && known.revision !== clip.labels.revision && !sameState(known.history.present, fresh);
    if (!known || isUntouched || isOther) {
      this.#histories.set(clip.id, { revision: clip.labels.revision, history: new History(fresh) });
    }
    this.selected = -1;
    this.emit("clip.open", clip);
    this.emit("selection.change");
  }

  /** The clip as the server holds it now, after a save or after taking somebody else's version. */
  settle(labels) {
    this.clip.labels = labels;
    this.#histories.get(this.clip.id).revision = labels.revision;
  }

  /** Forget strokes and show what `clip.labels` says. */
  reset() {
    this.#histories.delete(this.clip.id);
    this.open(this.clip);
  }

  /** A proposal that came after the clip was opened; nothing happens once anything is drawn or saved. */
  propose(proposal) {
    this.clip.proposal = proposal;
    if (!this.canUndo && !this.canRedo) {
      const history = new History(startingState(this.clip));
      this.#histories.set(this.clip.id, { revision: this.clip.labels.revision, history });
      this.select(-1);
    }
    this.emit("marks.change", { byPerson: false });
  }

  paint(start, end, kind = this.brush) {
    this.#change(rules.paint(this.marks, { start, end, kind }, this.clip.duration_s));
    this.select(rules.indexAt(this.marks, (start + end) / 2));
  }

  keep(start, end) {
    this.select(-1);
    this.#change(rules.tidy(rules.erase(this.marks, start, end), this.clip.duration_s));
  }

  /** Move the chosen edge of the chosen mark to a moment, in seconds; where it cannot move, nothing is said. */
  moveEdge(timeS) {
    const { selected } = this;
    const moved = rules.moveEdge(this.marks, selected, this.edge, timeS, this.clip.duration_s);
    if (rules.sameMarks(moved, this.marks)) return;
    this.#change(moved);
    this.select(selected);
  }

  setKind(kind) {
    if (!this.selection) {
      this.brush = this.brush === kind ? "" : kind;
      this.emit("tools.change");
      return;
    }
    const { start } = this.selection;
    this.#change(rules.tidy(rules.setKind(this.marks, this.selected, kind), this.clip.duration_s));
    this.select(rules.indexAt(this.marks, start));
  }

  deleteSelected() {
    if (!this.selection) return;
    const without = this.marks.filter((_, index) => index !== this.selected);
    this.select(-1);
    this.#change(without);
  }

  clear() {
    this.select(-1);
    this.#change([]);
  }

  /** Take what is shown, as it is, for one's own. */
  agree() {
    this.#change(this.marks, true);
  }

  /** Agree, and be done with the clip. */
  accept() {
    this.agree();
    this.emit("clip.accept");
  }

  undo() {
    this.#travel("undo");
  }

  redo() {
    this.#travel("redo");
  }

  select(index, edge = this.edge) {
    if (index === this.selected && edge === this.edge) return;
    this.selected = index;
    this.edge = edge;
    this.emit("selection.change");
  }

  /** Choose the next (1) or previous (-1) mark, from the chosen one or from a moment on. */
  step(direction, timeS) {
    if (!this.marks.length) return;
    let index = this.selected + direction;
    if (this.selected < 0) {
      const after = this.marks.findIndex((mark) => mark.end > timeS);
      index = direction > 0 ? (after < 0 ? 0 : after) : (after < 0 ? this.marks.length : after) - 1;
    }
    this.select((index + this.marks.length) % this.marks.length, "start");
  }

  toggle(tool) {
    this[tool] = !this[tool];
    this.emit("tools.change");
  }

  setIn(timeS) {
    this.in = timeS;
    this.emit("tools.change");
  }

  get #history() {
    return this.clip && this.#histories.get(this.clip.id)?.history;
  }

  #change(marks, evenIfSame = false) {
    if (!evenIfSame && !this.isProposal && rules.sameMarks(marks, this.marks)) return;
    this.#history.push({ marks, isProposal: false, source: "person" });
    this.emit("marks.change", { byPerson: true });
  }

  #travel(direction) {
    this.#history[direction]();
    this.selected = -1;
    this.emit("marks.change", { byPerson: true });
    this.emit("selection.change");
  }
}

function startingState(clip) {
  const { labels, proposal } = clip;
  const blank = !labels.reviewed && !labels.remove.length && !labels.unknown.length;
  const marks = rules.marksFromLabels(blank && proposal ? { ...proposal, unknown: [] } : labels);
  return { marks, isProposal: Boolean(blank && proposal), source: labels.source };
}

const sameState = (a, b) => a.isProposal === b.isProposal && rules.sameMarks(a.marks, b.marks);
