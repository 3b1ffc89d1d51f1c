import { DECISION_S } from "../mark-rules.js";
import { Layer } from "./layer.js";

/** The model's keep probability over the spectrogram, with its threshold; drawn on demand. */
export class CurveLayer extends Layer {
  constructor(canvas, view, editor) {
    super(canvas, view);
    this.editor = editor;
    for (const name of ["clip.open", "marks.change", "tools.change"]) editor.on(name, () => this.redraw());
  }

  draw(context) {
    const { clip, curve } = this.editor;
    if (!clip?.proposal || !curve) return;
    this.#threshold(context, clip.proposal.threshold);
    context.lineJoin = "round";
    this.#line(context, clip.proposal.keep, 4.5, this.colour("--curve-halo"));
    this.#line(context, clip.proposal.keep, 2, this.colour("--curve"));
  }

  #y(probability) {
    return this.height - 3 - probability * (this.height - 6);
  }

  #line(context, keep, width, colour) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    keep.forEach((probability, i) => context.lineTo(this.view.x((i + 0.5) * DECISION_S), this.#y(probability)));
    context.stroke();
  }

  #threshold(context, threshold) {
    const y = this.#y(threshold);
    context.strokeStyle = this.colour("--curve");
    context.lineWidth = 1;
    context.setLineDash([2, 4]);
    context.beginPath();
    context.moveTo(0, y);
    context.lineTo(this.width, y);
    context.stroke();
    context.setLineDash([]);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.lineWidth = 3;
    context.strokeStyle = this.colour("--curve-halo");
    context.strokeText(`keep ≥ ${threshold}`, this.width - 6, y - 4);
    context.fillStyle = this.colour("--curve");
    context.fillText(`keep ≥ ${threshold}`, this.width - 6, y - 4);
  }
}
