import { Emitter } from "./events.js";

/**
 * Which clip comes next. Holds what the page knows of all clips, one array a column.
 *
 * Emits `queue.change` when what it holds or its order changed, `queue.move` when another clip is on show.
 */
export class Queue extends Emitter {
  #visited = [];
  #descends = false; // whether the clip on show was gone to by doubt, so that the next is the one below it

  constructor() {
    super();
    this.mode = "order"; // or "doubt", "unreviewed"
    this.clips = { id: [] };
    this.index = 0;
    this.recording = null; // null: all
  }

  load(clips) {
    this.clips = clips;
    this.#indexOf = new Map(clips.id.map((id, index) => [id, index]));
    this.emit("queue.change");
  }

  #indexOf = new Map();

  get length() {
    return this.clips.id.length;
  }

  get id() {
    return this.clips.id[this.index];
  }

  /** The number of the recording that the clip on show is of. */
  get recordingOnShow() {
    return this.clips.recording[this.index];
  }

  indexOf(id) {
    return this.#indexOf.get(id) ?? -1;
  }

  /** Ids of the clips before and after one in its recording. */
  beside(id) {
    const index = this.indexOf(id);
    const { recording, number } = this.clips;
    const isBeside = (i) => recording[i] === recording[index] && Math.abs(number[i] - number[index]) === 1;
    return [index - 1, index + 1].filter(isBeside).map((i) => this.clips.id[i]);
  }

  /** The clip that was asked for: by its id, its number within the recording on show, or part of its id. */
  find(text) {
    const wanted = text.trim();
    if (!wanted) return -1;
    const exact = this.indexOf(wanted);
    if (exact >= 0) return exact;
    if (/^#?\d+$/.test(wanted)) return this.#numbered(Number(wanted.replace("#", "")));
    return this.clips.id.findIndex((id) => id.toLowerCase().includes(wanted.toLowerCase()));
  }

  #numbered(number) {
    const { recording } = this.clips;
    return this.clips.number.findIndex((one, i) => one === number && recording[i] === this.recordingOnShow);
  }

  moveTo(index, byDoubt = this.mode === "doubt") {
    if (index === this.index) return;
    this.#visited.push(this.index);
    this.index = index;
    this.#descends = byDoubt;
    this.emit("queue.move");
  }

  setMode(mode) {
    this.mode = mode;
    this.#descends = false;
    this.emit("queue.change");
  }

  setRecording(recording) {
    this.recording = recording;
    this.emit("queue.change");
  }

  /** What the server now says of some clips: {id: {reviewed, removed_s, revision}}. */
  update(changes) {
    for (const [id, change] of Object.entries(changes)) {
      const index = this.indexOf(id);
      if (index < 0) continue;
      for (const [column, value] of Object.entries(change)) this.clips[column][index] = value;
    }
    this.emit("queue.change");
  }

  /** Where the chosen recording begins in the present mode: with what is left to review, if anything is. */
  first() {
    return this.listed()[0] ?? this.clips.recording.indexOf(this.recording);
  }

  /** Where N leads from `from` in the present mode; -1 where there is nothing left. */
  next(from = this.index) {
    if (!this.#inScope(from)) return this.first();
    if (this.mode === "doubt") return this.unsure(from);
    if (this.mode === "unreviewed") return this.#search(from, 1, (i) => !this.clips.reviewed[i]);
    return this.#search(from, 1, () => true, false);
  }

  /** Where B leads: the clip before in order, else the one that was here before. */
  previous() {
    if (this.mode !== "order" && this.#visited.length) return this.#visited.at(-1);
    return this.#search(this.index, -1, () => true, false);
  }

  /** Move to where B leads. */
  back(index) {
    if (index === this.index) return;
    if (this.mode !== "order") this.#visited.pop();
    this.index = index;
    this.emit("queue.move");
  }

  /** Where U leads: to the unreviewed clip that the model doubts most, from there on down, then to the top again. */
  unsure(from = this.index) {
    const descends = from !== this.index || this.#descends;
    let [top, below] = [-1, -1];
    for (let i = 0; i < this.length; i++) {
      if (i === from || this.clips.reviewed[i] || !this.#inScope(i)) continue;
      if (top < 0 || this.#byDoubt(i, top) < 0) top = i;
      if (this.#byDoubt(i, from) > 0 && (below < 0 || this.#byDoubt(i, below) < 0)) below = i;
    }
    return descends && below >= 0 ? below : top;
  }

  /** Below 0 where clip `a` comes before clip `b` by doubt. */
  #byDoubt(a, b) {
    const { doubt } = this.clips;
    return (doubt[b] ?? -1) - (doubt[a] ?? -1) || a - b;
  }

  /** Ids worth fetching ahead: what N, then N again, B and U would open. */
  ahead() {
    const next = this.next();
    const wanted = [next, next < 0 ? -1 : this.next(next), this.previous(), this.unsure()];
    return [...new Set(wanted)].filter((index) => index >= 0).map((index) => this.clips.id[index]);
  }

  /** Indices of the clips on the list, in the order of the present mode. */
  listed() {
    const all = Array.from({ length: this.length }, (_, i) => i).filter((i) => this.#inScope(i));
    if (this.mode === "order") return all;
    const open = all.filter((i) => !this.clips.reviewed[i] || i === this.index);
    if (this.mode === "unreviewed") return open;
    return open.sort((a, b) => this.#byDoubt(a, b));
  }

  #inScope(i) {
    return this.recording === null || this.clips.recording[i] === this.recording;
  }

  #search(from, step, wanted, wrap = true) {
    for (let n = 1; n < this.length; n++) {
      const i = from + step * n;
      if (!wrap && (i < 0 || i >= this.length)) return -1;
      const index = (i + this.length) % this.length;
      if (this.#inScope(index) && wanted(index)) return index;
    }
    return -1;
  }
}
