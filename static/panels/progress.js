import { byId, h, onClick, percent, refill } from "../dom.js";

/** How far one is: clips, minutes and share removed, over all and by recording; agreement with the model. */
export class Progress {
  constructor(queue, open) {
    this.queue = queue;
    this.open = open;
    queue.on("queue.change", () => this.draw());
  }

  load(recordings) {
    this.recordings = recordings;
  }

  draw() {
    const { clips } = this.queue;
    const sums = this.recordings.map(() => ({ clips: 0, reviewed: 0, minutes: 0, removed_s: 0 }));
    for (let i = 0; i < clips.id.length; i++) {
      const sum = sums[clips.recording[i]];
      sum.clips++;
      if (!clips.reviewed[i]) continue;
      sum.reviewed++;
      sum.minutes += clips.duration_s[i] / 60;
      sum.removed_s += clips.removed_s[i];
    }
    this.#drawTotal(total(sums));
    refill(byId("recordings"), sums.map((sum, index) => this.#row(sum, index)));
  }

  agreement({ clips, share, enough }) {
    const element = byId("agreement");
    element.hidden = !clips;
    if (!clips) return;
    byId("agreement-share").textContent = percent(share, 1);
    byId("agreement-over").textContent = `agreement with the model over the last ${clips > 1 ? `${clips} clips` : "clip"}`;
    byId("agreement-enough").hidden = !enough;
  }

  /** A recording, or all by null; what is on show stays if it is of them. */
  #choose(recording) {
    const { queue } = this;
    queue.setRecording(recording);
    if (recording !== null && queue.recordingOnShow !== recording) this.open(queue.first());
  }

  #drawTotal(sum) {
    byId("progress-bar").style.setProperty("--share", sum.clips ? sum.reviewed / sum.clips : 0);
    byId("progress-text").textContent = `${sum.reviewed} of ${sum.clips} clips reviewed`;
    byId("progress-detail").textContent = detail(sum);
  }

  #row(sum, index) {
    const shown = this.queue.recording === index;
    const name = this.recordings[index];
    const button = h("button", { type: "button", className: "recording", title: name, "aria-pressed": String(shown) },
      h("span", { className: "recording-name", textContent: name }),
      h("span", { className: "recording-detail", textContent: `${sum.reviewed}/${sum.clips} · ${detail(sum)}` }));
    const bar = h("span", { className: "bar" });
    bar.style.setProperty("--share", sum.clips ? sum.reviewed / sum.clips : 0);
    button.append(bar);
    onClick(button, () => this.#choose(shown ? null : index));
    return h("li", {}, button);
  }
}

function total(sums) {
  const result = { clips: 0, reviewed: 0, minutes: 0, removed_s: 0 };
  for (const sum of sums) for (const key of Object.keys(result)) result[key] += sum[key];
  return result;
}

function detail({ minutes, removed_s }) {
  return minutes ? `${minutes.toFixed(1)} min · ${percent(removed_s / 60 / minutes)} removed` : "0 min";
}
