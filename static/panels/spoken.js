import { byId, setText } from "../dom.js";
import { wordsOf } from "./marklist.js";

/** A line that is not seen: a screen reader says the clip that was opened and the stretch that was chosen. */
export class Spoken {
  constructor(editor, looks) {
    this.editor = editor;
    this.looks = looks;
    for (const name of ["clip.open", "marks.change", "selection.change"]) editor.on(name, () => this.#draw());
  }

  #draw() {
    const { clip, selection } = this.editor;
    setText(byId("spoken"), selection ? wordsOf(selection, this.looks) : clip.id);
  }
}
