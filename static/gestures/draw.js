/**
 * Drawing: left-drag marks what goes, right-drag or Alt-drag what stays, an edge drags, a click chooses.
 *
 * Turns pointer events into calls of the editor; both ends of a stroke snap to the quietest place nearby
 * unless snapping is off. Esc gives a stroke up or else lets go of what is chosen; a stroke ends where what it
 * is drawn on goes.
 */
import { DECISION_S, sharesBorder } from "../mark-rules.js";
import { quietest } from "../snap.js";

const CLICK_PX = 4;
const EDGE_PX = 6;

export class DrawGesture {
  #drag = null;

  constructor(stage, { view, editor, player, marksLayer }) {
    Object.assign(this, { stage, view, editor, player, marksLayer });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", () => this.#cancel());
    stage.addEventListener("contextmenu", (event) => event.preventDefault());
    stage.addEventListener("dragstart", (event) => event.preventDefault()); // of text selected across the stage
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.#letGo());
    for (const name of ["clip.open", "marks.change"]) editor.on(name, () => this.#isLost && this.#cancel());
  }

  /** The moment at a pointer, inside the clip. */
  #time(event) {
    const x = event.clientX - this.stage.getBoundingClientRect().left;
    return Math.min(Math.max(this.view.time(x), 0), this.editor.clip.duration_s);
  }

  #edgeAt(event) {
    const reach = EDGE_PX * this.view.secondsPerPixel;
    const timeS = this.#time(event);
    const edges = this.editor.marks.flatMap((mark, index) => [
      { index, edge: "start", at: mark.start, away: Math.abs(mark.start - timeS) },
      { index, edge: "end", at: mark.end, away: Math.abs(mark.end - timeS) },
    ]);
    return edges.filter(({ away }) => away <= reach).sort((a, b) => a.away - b.away)[0] ?? null;
  }

  #down(event) {
    if (!event.isPrimary) this.#cancel(); // two fingers are no stroke
    if (!this.editor.clip || event.button === 1 || !event.isPrimary) return;
    this.stage.setPointerCapture(event.pointerId);
    const keep = event.button === 2 || event.altKey;
    const edge = keep ? null : this.#edgeAt(event);
    if (edge) this.editor.select(edge.index, edge.edge);
    const timeS = this.#time(event);
    this.#drag = { clip: this.editor.clip.id, keep, edge, x: event.clientX, start: timeS, end: timeS, moved: false };
  }

  /** Whether another clip came on show under the stroke, or the edge that is dragged is no more. */
  get #isLost() {
    if (!this.#drag) return false;
    const { clip, edge } = this.#drag;
    return clip !== this.editor.clip.id || (edge && this.editor.marks[edge.index]?.[edge.edge] !== edge.at);
  }

  #move(event) {
    if (!this.#drag) {
      if (this.editor.clip) this.stage.classList.toggle("on-edge", this.#edgeAt(event) !== null);
      return;
    }
    const drag = this.#drag;
    drag.moved ||= Math.abs(event.clientX - drag.x) > CLICK_PX;
    drag.end = this.#time(event);
    if (!drag.moved) return;
    if (drag.edge) this.marksLayer.showStroke(this.#edgeStroke(drag));
    else this.marksLayer.showStroke(drag);
  }

  /** What the edge has passed over: it stays where the stretch shrinks and no other grows instead. */
  #edgeStroke({ edge, end }) {
    const outward = edge.edge === "start" ? end < edge.at : end > edge.at;
    const { marks } = this.editor;
    const isShared = marks.some((mark) => sharesBorder(mark, marks[edge.index], edge.edge));
    return { start: edge.at, end, keep: !outward && !isShared };
  }

  #up(event) {
    const drag = this.#drag;
    if (!drag) return;
    this.#cancel();
    if (!drag.moved) this.#click(event, drag);
    else if (Math.abs(event.clientX - drag.x) <= CLICK_PX) return; // brought back to where it began
    else if (drag.edge) this.#moveEdge(drag);
    else this.#stroke(drag);
  }

  #moveEdge({ edge, end }) {
    this.editor.select(edge.index, edge.edge); // a key may have chosen another one meanwhile
    this.editor.moveEdge(this.#snapped(end));
  }

  #stroke(drag) {
    const [start, end] = this.#ordered(drag);
    if (start === end) return; // drawn beside the clip
    if (drag.keep) this.editor.keep(start, end);
    else this.editor.paint(start, end);
  }

  #click(event, drag) {
    const timeS = this.#time(event);
    const index = this.editor.marks.findIndex((mark) => mark.start <= timeS && timeS < mark.end);
    if (drag.edge) return;
    const mark = this.editor.marks[index];
    const nearEnd = mark && timeS > (mark.start + mark.end) / 2;
    this.editor.select(index, nearEnd ? "end" : "start");
    this.player.stop();
    this.player.seek(timeS);
  }

  /** Both ends in order, snapped; a stroke too short for that, over a click say, stays as it is drawn. */
  #ordered({ start, end }) {
    const drawn = [Math.min(start, end), Math.max(start, end)];
    const snapped = drawn.map((timeS) => this.#snapped(timeS));
    return snapped[1] - snapped[0] < DECISION_S ? drawn : snapped;
  }

  /** The clip's own borders hold an edge that comes near them. */
  #snapped(timeS) {
    const { clip, snap } = this.editor;
    const reach = EDGE_PX * this.view.secondsPerPixel;
    if (timeS <= reach) return 0;
    if (timeS >= clip.duration_s - reach) return clip.duration_s;
    return snap ? quietest(clip.loudness, timeS, clip.before_s) : timeS;
  }

  #letGo() {
    const closesDialog = document.querySelector("dialog[open]");
    if (!this.#drag && !closesDialog) {
      this.editor.setIn(null);
      this.editor.select(-1);
    }
    this.#cancel();
  }

  #cancel() {
    this.#drag = null;
    this.marksLayer.showStroke(null);
  }
}
