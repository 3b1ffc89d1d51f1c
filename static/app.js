/** Puts the page together: what there is, who listens to whom. */
import { actions } from "./actions.js";
import * as api from "./api.js";
import { makeButtons } from "./buttons.js";
import { Clips } from "./clips.js";
import { byId, showName } from "./dom.js";
import { Edges } from "./edges.js";
import { Editor } from "./editor.js";
import { follow } from "./follow.js";
import { DrawGesture } from "./gestures/draw.js";
import { dropFiles } from "./gestures/drop.js";
import { zoomByWheel } from "./gestures/wheel.js";
import { keyboardLayout, listenForKeys } from "./keys.js";
import { AxisLayer } from "./layers/axis-layer.js";
import { CurveLayer } from "./layers/curve-layer.js";
import { MarksLayer } from "./layers/marks-layer.js";
import { looks as looksOf } from "./layers/patterns.js";
import { Playhead } from "./layers/playhead.js";
import { ScaleLayer } from "./layers/scale-layer.js";
import { SpectrogramLayer } from "./layers/spectrogram-layer.js";
import { WaveformLayer } from "./layers/waveform-layer.js";
import { Listen } from "./listen.js";
import { Navigate } from "./navigate.js";
import { askWhichVersion } from "./panels/conflict.js";
import { Files } from "./panels/files.js";
import { Goto } from "./panels/goto.js";
import { Header } from "./panels/header.js";
import { fillHelp } from "./panels/help.js";
import { MarkList } from "./panels/marklist.js";
import { Progress } from "./panels/progress.js";
import { SaveState } from "./panels/savestate.js";
import { Sidebar } from "./panels/sidebar.js";
import { Spoken } from "./panels/spoken.js";
import { toast } from "./panels/toast.js";
import { Training } from "./panels/training.js";
import { Player } from "./player.js";
import { Queue } from "./queue.js";
import { noteFromBefore, reloadAndSay, rememberTools } from "./remember.js";
import { Saver } from "./saver.js";
import { View } from "./view.js";

const project = await api.project();
const stage = byId("stage");
const looks = looksOf(project.kinds);
const editor = new Editor();
const queue = new Queue();
const view = new View();
const player = new Player();
const clips = new Clips();
const saver = new Saver(editor);
const listen = new Listen(editor, player, view, (message) => toast(message, "error"));
const edges = new Edges(editor, player, listen, view);
const wait = (isWaiting) => stage.setAttribute("aria-busy", String(isWaiting));
const go = new Navigate({ editor, queue, clips, saver, view, say: toast, wait });
const progress = new Progress(queue, (index) => go.to(index));
const files = new Files({ queue, onLabels: reload });
const training = new Training();
const gotoClip = new Goto(queue, (index) => go.to(index));
go.ask = () => gotoClip.show();

new AxisLayer(byId("axis"), view);
new WaveformLayer(byId("wave"), view, editor);
new SpectrogramLayer(byId("mel"), view, editor);
const marksLayer = new MarksLayer(byId("overlay"), view, editor, looks);
new CurveLayer(byId("curve"), view, editor);
new ScaleLayer(byId("scale"), view);
new Playhead(byId("playhead"), byId("time"), view, player);
new ResizeObserver(() => view.resize(stage.clientWidth)).observe(stage);
new DrawGesture(stage, { view, editor, player, marksLayer });
zoomByWheel(stage, view);

const header = new Header(editor);
new MarkList(editor, looks, (index) => editor.select(index));
new Spoken(editor, looks);
const sidebar = new Sidebar(queue, (index) => go.to(index));
const saveState = new SaveState(saver);
dropFiles(document.body, (dropped) => files.upload(dropped));

const panels = { help: () => byId("help").showModal(), files: () => files.show(), training: () => training.show() };
const layout = await keyboardLayout();
const table = actions({ editor, queue, view, player, listen, edges, go, panels, kinds: project.kinds });
const refreshButtons = makeButtons(table, layout);
rememberTools(editor);
fillHelp(table, layout);
listenForKeys(table);
for (const name of ["clip.open", "marks.change", "selection.change", "tools.change"]) editor.on(name, refreshButtons);
queue.on("queue.change", refreshButtons);
player.on("player.state", refreshButtons);

saver.on("save.done", ({ id, summary, agreement }) => {
  header.draw();
  refreshButtons();
  queue.update({ [id]: summary });
  showNeighboursOf([id]);
  if (agreement) progress.agreement(agreement);
});
saver.on("save.failed", (message) => toast(message, "error"));
saver.on("save.conflict", async ({ current, reviewed }) => {
  const choice = await askWhichVersion({ clip: editor.clip, mine: editor.marks, theirs: current, looks });
  await saver.resolve(choice, current, reviewed);
});

/** Take the project's clips anew: at the start, and when recordings or labels came in. */
function load({ clips: columns, recordings }) {
  progress.load(recordings);
  files.load(recordings);
  sidebar.load(recordings);
  queue.load(columns);
  byId("empty").hidden = queue.length > 0;
  byId("work").inert = queue.length === 0;
}

async function reload() {
  const fresh = await api.project();
  const { id } = queue;
  clips.forgetAll();
  load(fresh);
  queue.index = Math.max(0, queue.indexOf(id));
  if (queue.length && (!editor.clip || saver.state === "saved")) await go.show();
}

let shown = { clips: project.clips_version, model: null };

/** What the server tells every other second. */
async function onStatus({ instance, changes, model, jobs, training: trained, agreement, clips_version }) {
  if (instance !== project.instance) {
    beginAnew();
    return;
  }
  if (clips_version !== shown.clips) {
    await reload();
    shown.clips = clips_version;
  } else if (Object.keys(changes).length) await takeChanges(changes);
  files.draw(jobs);
  training.draw(trained);
  progress.agreement(agreement);
  showName(byId("model-state"), model.message);
  byId("model-state").dataset.state = model.state;
  if (model.version !== shown.model) {
    const first = shown.model === null;
    if (!first || model.version > 0) await newProposals();
    shown.model = model.version;
  }
}

/** The app was started anew, perhaps over other recordings; what is not saved or sent yet is waited for. */
function beginAnew() {
  if (saver.state === "saved" && !marksLayer.stroke && !files.unsent) reloadAndSay("The app was started anew.");
}

/** The server answers no more, or, `error` being null, does again. */
function onTrouble(error) {
  saveState.server(error);
  if (error) toast(error.message, "error");
}

/** Clips that somebody else saved, or that the model has an opinion of now. */
async function takeChanges(changes) {
  const isNew = (id) => queue.clips.revision[queue.indexOf(id)] !== changes[id].revision;
  const saved = Object.keys(changes).filter(isNew);
  for (const id of saved) clips.forget(id);
  queue.update(changes);
  showNeighboursOf(saved);
  const { clip } = editor;
  if (changes[clip?.id]?.revision > clip?.labels.revision) await refresh(clip);
}

/** What goes of these clips is shown beside the clips next to them too. */
async function showNeighboursOf(ids) {
  await clips.renewNeighbours(ids.flatMap((id) => queue.beside(id)));
  marksLayer.redraw();
}

/** Show what another tab stored of the clip on show; a stroke of this one stays, and meets it when it is saved. */
async function refresh(clip) {
  const { labels } = await api.clip(clip.id);
  const isAtWork = saver.state !== "saved" || marksLayer.stroke;
  if (editor.clip !== clip || isAtWork || labels.revision <= clip.labels.revision) return;
  editor.settle(labels);
  editor.reset();
}

/** The model came or changed: proposals not looked at yet are asked for anew. */
async function newProposals() {
  const { clip } = editor;
  clips.forgetAll();
  if (!clip) return;
  const { proposal, neighbours } = await api.clip(clip.id);
  clip.neighbours = neighbours;
  if (editor.clip === clip && proposal) editor.propose(proposal);
  clips.prefetch(queue.ahead());
}

/** The clip that the address names; -1 where it names none. */
function linked() {
  return queue.clips.id.findIndex((id) => location.hash === `#${encodeURIComponent(id)}`);
}

function nameInAddress(clip) {
  window.history.replaceState(null, "", `#${encodeURIComponent(clip.id)}`);
}

load(project);
if (queue.length) {
  const wanted = linked();
  const firstOpen = project.clips.reviewed.findIndex((reviewed) => !reviewed);
  queue.index = wanted >= 0 ? wanted : Math.max(0, firstOpen);
  queue.emit("queue.change");
  await go.showFrom(queue.index);
}
editor.on("clip.open", nameInAddress);
addEventListener("hashchange", async () => {
  const wanted = linked();
  if (wanted >= 0) await go.to(wanted);
  if (editor.clip) nameInAddress(editor.clip);
});
// For whoever looks in from the console, the tests among them: the clip's seconds, and those on show.
window.labeler = {
  extent: () => [editor.clip.before_s, editor.clip.after_s, editor.clip.duration_s],
  shown: () => [view.start, view.end],
};
const note = noteFromBefore();
if (note) toast(note);
document.documentElement.dataset.ready = "true";
follow(project.version, onStatus, onTrouble);
