import * as api from "../api.js";
import { byId, counted, h, percent } from "../dom.js";
import { toast } from "./toast.js";

/** The dialog of what comes in (recordings, labels made elsewhere) and what goes out (exports). */
export class Files {
  #drawn = ""; // what the list of jobs shows

  constructor({ queue, onLabels }) {
    this.queue = queue;
    this.onLabels = onLabels;
    this.sending = new Map(); // name -> {share, message, state}: how far it is sent, or what went wrong
    this.unsent = 0; // files that leaving the page would lose
    this.jobs = null; // what the server told last; null before it did
    byId("upload-input").addEventListener("change", ({ target }) => {
      this.upload([...target.files]);
      target.value = "";
    });
    byId("jobs-clear").addEventListener("click", () => this.#clear());
    byId("import-form").addEventListener("submit", (event) => this.#import(event));
    for (const link of byId("exports").querySelectorAll("a")) {
      link.addEventListener("click", (event) => this.#export(event, link.href));
    }
    byId("import-form").addEventListener("change", showChosen);
    addEventListener("beforeunload", (event) => this.unsent && event.preventDefault());
  }

  /** The names of the recordings; the one that was chosen for an import stays chosen. */
  load(recordings) {
    const select = byId("import-recording");
    const chosen = select.value;
    select.replaceChildren(...recordings.map((name) => h("option", { value: name, textContent: name })));
    if (recordings.includes(chosen)) select.value = chosen;
    byId("import-fields").disabled = recordings.length === 0;
    this.recordings = recordings;
  }

  /** Open the dialog; unless a file waits to be imported, one would be for the recording on show. */
  show() {
    const isChosen = byId("import-file").files.length > 0;
    if (this.queue.length && !isChosen) byId("import-recording").value = this.recordings[this.queue.recordingOnShow];
    byId("files").showModal();
  }

  /** Send recordings one after the other; the server slices them in the background. */
  async upload(files) {
    if (files.length && !byId("files").open) this.show();
    this.unsent += files.length;
    for (const { name } of files) this.sending.set(name, { share: 0, message: "waiting", state: "sending" });
    this.#draw();
    for (const file of files) {
      this.#sent(file.name, 0);
      try {
        await checkSendable(file, Number(byId("upload-input").dataset.largest));
        await api.uploadRecording(file, (share) => this.#sent(file.name, share));
        this.sending.delete(file.name);
      } catch (error) {
        this.sending.set(file.name, { share: 0, message: error.message, state: "failed" });
        if (!byId("files").open) toast(error.message, "error");
      }
      this.unsent--;
      this.#draw();
    }
  }

  /** Recordings being sliced: [{name, state, share, message}]. */
  draw(jobs) {
    if (this.jobs && !byId("files").open) this.#tellEnds(jobs);
    this.jobs = jobs;
    this.#draw();
  }

  /** What the list in the dialog would say of recordings that are done or failed now, where it is shut. */
  #tellEnds(jobs) {
    const known = new Set(this.jobs.filter(hasEnded).map(({ name }) => name));
    const ended = jobs.filter((job) => hasEnded(job) && !known.has(job.name));
    const hasFailed = ended.some(({ state }) => state === "failed");
    if (ended.length) toast(ended.map(sentence).join(" "), hasFailed ? "error" : "info");
  }

  async #clear() {
    for (const [name, { state }] of this.sending) if (state === "failed") this.sending.delete(name);
    try {
      this.draw(await api.forgetJobs());
    } catch (error) {
      toast(error.message, "error");
    }
  }

  #sent(name, share) {
    this.sending.set(name, { share, message: `sending, ${percent(share)}`, state: "sending" });
    this.#draw();
  }

  #draw() {
    const sending = [...this.sending].map(([name, stands]) => ({ name, ...stands }));
    const all = [...sending, ...(this.jobs ?? [])];
    if (JSON.stringify(all) === this.#drawn) return; // a selection in it stays
    this.#drawn = JSON.stringify(all);
    byId("jobs").replaceChildren(...all.map(row));
    byId("jobs").hidden = all.length === 0;
    byId("jobs-clear").hidden = !all.some(hasEnded);
  }

  async #import(event) {
    event.preventDefault();
    const [file] = byId("import-file").files;
    if (!file) return;
    const recording = byId("import-recording").value;
    try {
      const { clips, left, notes } = await api.importLabels(file, recording, byId("import-mean").value);
      const kept = left ? [`${left} that a person labelled stay as they are`] : [];
      noteImport([`${file.name}: ${counted(clips, "clip")} of ${recording} labelled`, ...kept, ...notes].join(". "));
      byId("import-file").value = "";
      showChosen();
      this.onLabels();
    } catch (error) {
      noteImport(error.message, "error");
    }
  }

  /** Asked for first, so that a refusal becomes a message; the browser downloads what may be hours of arrays. */
  async #export(event, address) {
    event.preventDefault();
    try {
      const { clips, left_out } = await api.exportable();
      h("a", { href: address, download: "" }).click();
      const left = left_out ? `; ${left_out} drawn in but not reviewed left out` : "";
      byId("export-note").textContent = `${counted(clips, "clip")} exported${left}.`;
    } catch (error) {
      byId("export-note").textContent = "";
      toast(error.message, "error");
    }
  }
}

function row({ name, share, message, state }) {
  const bar = h("progress", { value: share, max: 1, "aria-label": `${name}: ${message}` });
  const parts = [h("span", { textContent: name }), bar, h("small", { textContent: message })];
  return h("li", { className: state }, ...parts.filter((part) => part !== bar || state !== "failed"));
}

const hasEnded = ({ state }) => state === "done" || state === "failed";
const sentence = ({ name, message }) => `${message.startsWith(name) ? message : `${name}: ${message}`}.`;

/** What the server could not take is not sent to it; throws an Error that says why. */
async function checkSendable(file, largestBytes) {
  if (file.size > largestBytes) {
    const gib = Number((largestBytes / 2 ** 30).toPrecision(3));
    throw new Error(`${file.name} is larger than ${gib} GiB. Started with a larger --max-upload-gib, the app takes it.`);
  }
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Error(`${file.name} cannot be read. Is it a folder? Choose the files in it.`);
  }
}

/** Say what came of an import, for as long as the dialog is of use. */
function noteImport(text, tone = "info") {
  byId("import-note").textContent = `${text}.`;
  byId("import-note").dataset.tone = tone;
}

function showChosen() {
  byId("import-name").textContent = byId("import-file").files[0]?.name ?? "Choose a file…";
}
