import { swatch } from "../buttons.js";
import { byId, h, onClick, refill } from "../dom.js";
import { removedSeconds } from "../mark-rules.js";

/** The clip's stretches in words, each a button that chooses it. */
export class MarkList {
  constructor(editor, looks, onChoose) {
    this.editor = editor;
    this.looks = looks;
    this.onChoose = onChoose;
    for (const name of ["clip.open", "marks.change", "selection.change"]) editor.on(name, () => this.#draw());
  }

  #draw() {
    const { editor } = this;
    const items = editor.marks.map((mark, index) => h("li", {}, this.#item(mark, index)));
    refill(byId("marks"), items);
    this.#reveal(items[editor.selected]);
    const removed = removedSeconds(editor.marks);
    const share = (100 * removed) / editor.clip.duration_s;
    byId("marks-title").textContent = editor.isProposal ? "Proposed for this clip" : "Marked in this clip";
    byId("marks-summary").textContent = editor.marks.length
      ? `${removed.toFixed(2)} s of ${editor.clip.duration_s.toFixed(2)} s go (${share.toFixed(0)} %)`
      : "Nothing goes. Drag over the waveform or the spectrogram to mark what is to go; right-drag to keep.";
  }

  #reveal(item) {
    if (!item) return;
    const list = byId("marks");
    const above = item.offsetTop - list.scrollTop;
    const below = item.offsetTop + item.offsetHeight - list.scrollTop - list.clientHeight;
    if (above < 0) list.scrollTop += above;
    else if (below > 0) list.scrollTop += below;
  }

  #item(mark, index) {
    const time = h("span", { className: "time", textContent: timesOf(mark) });
    const button = h("button", { type: "button", className: "mark" }, swatch(this.looks[mark.kind]), time);
    button.setAttribute("aria-label", wordsOf(mark, this.looks));
    button.setAttribute("aria-pressed", String(index === this.editor.selected));
    onClick(button, () => this.onChoose(index));
    return button;
  }
}

const timesOf = (mark) => `${mark.start.toFixed(2)}–${mark.end.toFixed(2)}`;

/** A stretch as it is read aloud. */
export function wordsOf(mark, looks) {
  const verb = mark.kind === "unknown" ? "Left open" : "Remove";
  return `${verb} ${timesOf(mark)} s, ${looks[mark.kind].title}`;
}
