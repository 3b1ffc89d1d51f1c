import { DECISION_S } from "./mark-rules.js";

/**
 * Everything that can be done: one entry gives a button, its keys and a line of help.
 *
 * `keys`: [modifiers +] event.code. `run()` does it; `enabled()` and `pressed()` show how things stand.
 */
export function actions(app) {
  const ofTheClip = [...clipActions(app), ...soundActions(app), ...markActions(app), ...kindActions(app),
    ...viewActions(app)];
  return [...ofTheClip.map((action) => onlyWithAClip(action, app.editor)), ...pageActions(app)];
}

/** Before any recording is there, or where none can be opened, no clip is on show that something could be done to. */
function onlyWithAClip(action, editor) {
  return { ...action, enabled: () => editor.clip && (!action.enabled || action.enabled()) };
}

function clipActions({ editor, queue, go }) {
  return [
    { id: "next", group: "clip", icon: "next", text: "Next", label: "Save and go to the next clip",
      hint: "marks it as reviewed; a proposal that nobody accepted stays unreviewed", keys: ["KeyN", "Enter"], run: go.next },
    { id: "previous", group: "clip", icon: "previous", label: "Save and go to the previous clip", keys: ["KeyB"],
      run: go.previous, enabled: () => queue.previous() >= 0 },
    { id: "accept", group: "review", icon: "check", text: "Accept", label: "Accept what is shown",
      hint: "the proposal becomes your label and the clip is reviewed", keys: ["KeyA"], run: go.accept,
      enabled: () => editor.clip && (editor.isProposal || !editor.clip.labels.reviewed) },
    { id: "accept-next", group: "review", icon: "check-next", text: "Accept, next", label: "Accept, next clip",
      hint: "A and N in one, in reach of the left hand", keys: ["KeyQ", "Shift+Enter"], run: go.acceptAndNext },
    { id: "unsure", group: "clip", icon: "unsure", label: "Go to the next unsure clip",
      hint: "the unreviewed clip that the model doubts most, then those below it", keys: ["KeyU"], run: go.unsure,
      enabled: () => queue.unsure() >= 0 },
  ];
}

function soundActions({ editor, player, listen }) {
  const step = (byS) => () => listen.step(byS);
  return [
    { id: "play", group: "sound", icon: "play", text: "Play", label: "Play or pause", keys: ["Space"], run: listen.toggle,
      pressed: () => player.state === "playing" },
    { id: "preview", group: "sound", icon: "preview", text: "Edited", label: "Play the clip edited, as it would be cut",
      hint: "spliced by the program that cleans recordings", keys: ["KeyP"], run: listen.edited,
      pressed: () => player.state === "edited" },
    { id: "listen", group: "sound", icon: "listen", label: "Play the chosen stretch", keys: ["KeyL"],
      run: listen.selection, enabled: () => editor.selection },
    { id: "back", group: "sound", icon: "back", label: "Playhead back by 20 ms", keys: ["ArrowLeft"], run: step(-DECISION_S) },
    { id: "forward", group: "sound", icon: "forward", label: "Playhead on by 20 ms", keys: ["ArrowRight"], run: step(DECISION_S) },
    { id: "far-back", group: "sound", icon: "far-back", label: "Playhead back by 0.2 s", keys: ["Shift+ArrowLeft"], run: step(-0.2) },
    { id: "far-forward", group: "sound", icon: "far-forward", label: "Playhead on by 0.2 s", keys: ["Shift+ArrowRight"],
      run: step(0.2) },
    { id: "home", group: "sound", icon: "home", label: "Playhead to the clip's start", keys: ["Home"], run: listen.home },
  ];
}

function markActions({ editor, player, edges }) {
  const chosen = () => editor.selection;
  return [
    { id: "in", group: "marks", icon: "in", label: "Begin a stretch at the playhead", keys: ["KeyI"],
      run: () => editor.setIn(edges.playhead()) },
    { id: "out", group: "marks", icon: "out", label: "Remove up to the playhead", hint: "from where I began it",
      keys: ["KeyO"], run: edges.removeHere, enabled: () => editor.in !== null },
    { id: "keep", group: "marks", icon: "keep", label: "Keep up to the playhead", hint: "from where I began it",
      keys: ["KeyK"], run: edges.keepHere, enabled: () => editor.in !== null },
    { id: "mark-before", group: "marks", icon: "up", label: "Choose the previous stretch", keys: ["ArrowUp"],
      run: () => edges.choose(-1), enabled: () => editor.marks.length },
    { id: "mark-after", group: "marks", icon: "down", label: "Choose the next stretch", keys: ["ArrowDown"],
      run: () => edges.choose(1), enabled: () => editor.marks.length },
    { id: "edge", group: "marks", icon: "edge", label: "Switch to the stretch's other edge", keys: ["KeyE"],
      run: edges.other, enabled: chosen },
    { id: "nudge-back", group: "marks", icon: "nudge-back", label: "Move the edge 20 ms back and replay around it",
      keys: ["BracketLeft"], run: () => edges.nudge(-DECISION_S), enabled: () => editor.marks.length },
    { id: "nudge-on", group: "marks", icon: "nudge-on", label: "Move the edge 20 ms on and replay around it",
      keys: ["BracketRight"], run: () => edges.nudge(DECISION_S), enabled: () => editor.marks.length },
    { id: "delete", group: "marks", icon: "delete", label: "Clear the chosen stretch", keys: ["Delete", "Backspace"],
      run: () => editor.deleteSelected(), enabled: chosen },
    { id: "clear", group: "marks", icon: "clear", label: "Clear all stretches of the clip",
      keys: ["Shift+Delete", "Shift+Backspace"], run: () => editor.clear(), enabled: () => editor.marks.length },
    { id: "undo", group: "history", icon: "undo", label: "Undo", keys: ["Control+KeyZ"], run: () => editor.undo(),
      enabled: () => editor.canUndo },
    { id: "redo", group: "history", icon: "redo", label: "Redo", keys: ["Control+Shift+KeyZ", "Control+KeyY"],
      run: () => editor.redo(), enabled: () => editor.canRedo },
  ];
}

function kindActions({ editor, kinds }) {
  return kinds.map((kind) => ({
    id: `kind-${kind.name || "unsaid"}`, group: "kinds", kind, text: kind.title, label: `Kind: ${kind.title}`,
    hint: kind.hint, keys: kind.keys, run: () => editor.setKind(kind.name),
    pressed: () => (editor.selection ? editor.selection.kind : editor.brush) === kind.name,
  }));
}

function viewActions({ editor, view, player }) {
  const middle = () => Math.min(Math.max(player.time, view.start), view.end);
  return [
    { id: "zoom-in", group: "view", icon: "zoom-in", label: "Zoom in", keys: ["Equal", "NumpadAdd"],
      run: () => view.zoom(1.6, middle()) },
    { id: "zoom-out", group: "view", icon: "zoom-out", label: "Zoom out", keys: ["Minus", "NumpadSubtract"],
      run: () => view.zoom(1 / 1.6, middle()) },
    { id: "fit", group: "view", icon: "fit", label: "Show the whole clip", keys: ["KeyF"], run: () => view.fit() },
    { id: "snap", group: "view", icon: "snap", text: "Snap", label: "Snap edges to the quietest place nearby",
      keys: ["KeyS"], run: () => editor.toggle("snap"), pressed: () => editor.snap },
    { id: "auto", group: "view", icon: "auto", label: "Play each clip when it opens", keys: ["KeyR"],
      run: () => editor.toggle("auto"), pressed: () => editor.auto },
    { id: "curve", group: "view", icon: "curve", text: "Curve", label: "Show the curve of the model's keep probability",
      keys: ["KeyC"], run: () => editor.toggle("curve"), pressed: () => editor.curve,
      enabled: () => editor.clip?.proposal },
  ];
}

function pageActions({ panels, queue, go }) {
  return [
    { id: "goto", group: "clip", icon: "goto", label: "Go to a clip by its id", keys: ["KeyG"], run: go.ask,
      enabled: () => queue.length },
    { id: "files", group: "page", icon: "files", text: "Files", label: "Files: add recordings, import and export labels",
      keys: ["KeyD"], run: panels.files },
    { id: "train", group: "page", icon: "train", text: "Train", label: "Train the model on these labels",
      keys: ["KeyT"], run: panels.training },
    { id: "help", group: "page", icon: "help", text: "Keys", label: "Show all keys", keys: ["Shift+Slash", "F1"],
      run: panels.help },
  ];
}

/** Titles of the groups, in the order of the help. */
export const GROUPS = {
  clip: "Clips", review: "Review", sound: "Sound", marks: "Stretches", history: "History", kinds: "Kinds",
  view: "View", page: "Page",
};
