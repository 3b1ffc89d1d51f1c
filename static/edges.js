/** Working on marks by keys alone: strokes from playhead to playhead, edges by single decisions. */
export class Edges {
  constructor(editor, player, listen, view) {
    Object.assign(this, { editor, player, listen, view });
  }

  playhead = () => Math.min(Math.max(this.player.time, 0), this.editor.clip.duration_s);

  removeHere = () => this.#stroke((start, end) => this.editor.paint(start, end));

  keepHere = () => this.#stroke((start, end) => this.editor.keep(start, end));

  choose = (direction) => {
    this.editor.step(direction, this.playhead());
    this.#follow();
  };

  other = () => {
    const { editor } = this;
    editor.select(editor.selected, editor.edge === "start" ? "end" : "start");
    this.#follow();
  };

  nudge = (byS) => {
    const { editor } = this;
    if (!editor.selection) this.#chooseNearest();
    editor.moveEdge(this.#edgeTime() + byS);
    this.#follow();
    this.listen.around(this.#edgeTime());
  };

  #edgeTime() {
    return this.editor.selection[this.editor.edge];
  }

  #stroke(draw) {
    const { editor } = this;
    const [start, end] = [editor.in, this.playhead()].sort((a, b) => a - b);
    editor.setIn(null);
    draw(start, end);
  }

  /** The playhead goes where the chosen edge is. */
  #follow() {
    this.player.stop();
    this.player.seek(this.#edgeTime());
    this.view.reveal(this.#edgeTime());
  }

  #chooseNearest() {
    const { editor } = this;
    const timeS = this.playhead();
    const away = (mark, edge) => Math.abs(mark[edge] - timeS);
    const edges = editor.marks.flatMap((mark, index) => [[index, "start"], [index, "end"]]);
    edges.sort(([a, x], [b, y]) => away(editor.marks[a], x) - away(editor.marks[b], y));
    const [index, edge] = edges[0];
    editor.select(index, edge);
  }
}
