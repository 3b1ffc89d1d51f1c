import { byId, h } from "../dom.js";
import { marksFromLabels, removedSeconds } from "../mark-rules.js";

/**
 * Two versions of a clip, one above the other; resolves to "mine" or "theirs".
 *
 * It opens by itself, so its title has the focus: a key meant for the page decides nothing.
 */
export function askWhichVersion({ clip, mine, theirs, looks }) {
  byId("conflict-clip").textContent = clip.id;
  show("mine", mine, clip, looks);
  show("theirs", marksFromLabels(theirs), clip, looks);
  const dialog = byId("conflict");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // Esc decides nothing; pressed again and again it closes the dialog all the same.
    dialog.oncancel = (event) => event.preventDefault();
    dialog.onclose = () => (dialog.returnValue ? resolve(dialog.returnValue) : dialog.showModal());
  });
}

function show(which, marks, clip, looks) {
  const bar = h("div", { className: "version-bar" });
  for (const mark of marks) {
    const piece = h("span", { title: words(mark, looks), textContent: looks[mark.kind].letter });
    piece.style.left = `${(100 * mark.start) / clip.duration_s}%`;
    piece.style.width = `${(100 * (mark.end - mark.start)) / clip.duration_s}%`;
    piece.style.setProperty("--kind", looks[mark.kind].colour);
    bar.append(piece);
  }
  const text = marks.map((mark) => words(mark, looks)).join(", ") || "nothing marked";
  const summary = `${marks.length} marked, ${removedSeconds(marks).toFixed(2)} s removed: ${text}`;
  byId(`conflict-${which}`).replaceChildren(bar, h("p", { textContent: summary }));
}

const words = (mark, looks) => `${looks[mark.kind].title} ${mark.start.toFixed(2)}–${mark.end.toFixed(2)} s`;
