import { byId, clock, showName } from "../dom.js";

/** What the clip is and how things stand with it. */
export class Header {
  constructor(editor) {
    this.editor = editor;
    for (const name of ["clip.open", "marks.change"]) editor.on(name, () => this.draw());
  }

  draw() {
    const { clip } = this.editor;
    const place = `${clock(clip.start_s)}–${clock(clip.start_s + clip.duration_s)} of ${clip.recording}`;
    showName(byId("clip-id"), clip.id);
    showName(byId("clip-place"), place);
    const [word, text] = this.#state();
    byId("clip-state").dataset.state = word;
    byId("clip-state").textContent = text;
    document.title = `${clip.id} · Labeler`;
  }

  #state() {
    const { clip, isProposal, marks, source } = this.editor;
    if (isProposal) return ["proposal", marks.length ? "Proposal · A accepts" : "Proposal: keep all · A accepts"];
    if (clip.labels.reviewed) return ["reviewed", "Reviewed"];
    if (source === "import") return ["imported", "Imported labels"];
    if (source === "edit") return ["imported", "Learnt from an edited version"];
    return ["open", marks.length ? "Not reviewed yet · A accepts" : "Not reviewed yet"];
  }
}
