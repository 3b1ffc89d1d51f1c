import { Layer } from "./layer.js";

const TAB_PX = 18;

/** Marks over waveform and spectrogram, the neighbours' half seconds, and the stroke being drawn. */
export class MarksLayer extends Layer {
  constructor(canvas, view, editor, looks) {
    super(canvas, view);
    this.editor = editor;
    this.looks = looks;
    this.stroke = null; // {start, end, keep} while drawing
    for (const name of ["clip.open", "marks.change", "selection.change", "tools.change"]) {
      editor.on(name, () => this.redraw());
    }
  }

  /** Show a stroke that is not a mark yet; null takes it away. */
  showStroke(stroke) {
    this.stroke = stroke;
    this.redraw();
  }

  draw(context) {
    const { editor } = this;
    if (!editor.clip) return;
    editor.marks.forEach((mark, index) => this.#drawMark(context, mark, index === editor.selected));
    this.#drawNeighbours(context);
    if (this.stroke) this.#drawStroke(context, this.stroke);
    if (editor.in !== null) this.#drawIn(context);
  }

  #span(mark) {
    const left = this.view.x(mark.start);
    return [left, Math.max(1, this.view.x(mark.end) - left)];
  }

  #drawMark(context, mark, selected) {
    const look = this.looks[mark.kind];
    const [left, width] = this.#span(mark);
    const proposal = this.editor.isProposal;
    context.globalAlpha = proposal ? 0.12 : 0.24;
    context.fillStyle = look.colour;
    context.fillRect(left, 0, width, this.height);
    context.globalAlpha = proposal ? 0.35 : 0.6;
    context.fillStyle = look.pattern(context, this.density);
    context.fillRect(left, 0, width, this.height);
    context.globalAlpha = 1;
    this.#outline(context, look.colour, left, width, proposal, selected);
    this.#tab(context, look, left, width, proposal);
    if (selected) this.#grips(context, left, width);
  }

  #outline(context, colour, left, width, proposal, selected) {
    context.setLineDash(proposal ? [5, 4] : []);
    context.lineWidth = selected ? 2 : 1.25;
    context.strokeStyle = selected ? this.colour("--ink") : colour;
    context.strokeRect(left + 0.5, 1, Math.max(1, width - 1), this.height - 2);
    context.setLineDash([]);
  }

  #tab(context, look, left, width, proposal) {
    if (width < 12) return;
    const tab = Math.min(TAB_PX, width);
    context.fillStyle = proposal ? this.colour("--panel") : look.colour;
    context.beginPath();
    context.roundRect(left + 2, 3, tab - 2, TAB_PX, 4);
    context.fill();
    if (proposal) {
      context.strokeStyle = look.colour;
      context.stroke();
    }
    context.fillStyle = proposal ? this.colour("--ink") : "#10151c";
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(look.letter, left + 1 + tab / 2, 16);
  }

  #grips(context, left, width) {
    const edges = { start: left, end: left + width };
    for (const [name, x] of Object.entries(edges)) {
      const active = name === this.editor.edge;
      context.fillStyle = this.colour(active ? "--accent" : "--ink");
      context.beginPath();
      context.roundRect(x - (active ? 3.5 : 2.5), this.height / 2 - 16, active ? 7 : 5, 32, 3);
      context.fill();
    }
  }

  #drawNeighbours(context) {
    const { clip } = this.editor;
    const start = this.view.x(0);
    const end = this.view.x(clip.duration_s);
    context.fillStyle = this.colour("--beyond");
    context.fillRect(0, 0, Math.max(0, start), this.height);
    context.fillRect(end, 0, Math.max(0, this.width - end), this.height);
    context.fillStyle = this.colour("--ink-soft");
    context.fillRect(start - 0.5, 0, 1, this.height);
    context.fillRect(end - 0.5, 0, 1, this.height);
    this.#neighbourMarks(context, clip.neighbours.before, (s) => s - clip.neighbours.before_duration_s);
    this.#neighbourMarks(context, clip.neighbours.after, (s) => s + clip.duration_s);
  }

  /** What is removed of the neighbours, as a bar along the foot. */
  #neighbourMarks(context, remove, toClip) {
    for (const [start, end, kind] of remove ?? []) {
      const { clip } = this.editor;
      const from = Math.max(toClip(start), -clip.before_s);
      const to = Math.min(toClip(end), clip.duration_s + clip.after_s);
      if (to <= from || (from >= 0 && to <= clip.duration_s)) continue;
      const [left, width] = this.#span({ start: from, end: to });
      context.globalAlpha = 0.7;
      context.fillStyle = this.looks[kind].colour;
      context.fillRect(left, this.height - 5, width, 5);
      context.globalAlpha = 1;
    }
  }

  #drawStroke(context, { start, end, keep }) {
    const [left, width] = this.#span({ start: Math.min(start, end), end: Math.max(start, end) });
    const colour = keep ? this.colour("--keep") : this.looks[this.editor.brush].colour;
    context.globalAlpha = 0.3;
    context.fillStyle = colour;
    context.fillRect(left, 0, width, this.height);
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.strokeRect(left, 1, width, this.height - 2);
  }

  #drawIn(context) {
    const x = this.view.x(this.editor.in);
    context.strokeStyle = this.colour("--accent");
    context.setLineDash([3, 3]);
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, this.height);
    context.stroke();
    context.setLineDash([]);
  }
}
