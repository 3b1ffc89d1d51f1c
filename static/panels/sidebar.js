import { byId, clock, h, onClick } from "../dom.js";

const ROW_PX = 30;
const SPARE = 6;

/** The list of clips to jump from; only the rows in sight exist, so that thousands are no burden. */
export class Sidebar {
  #listed = [];
  #shownFor = -1;
  #mostDoubt = 1;

  constructor(queue, open) {
    this.queue = queue;
    this.open = open;
    this.recordings = [];
    this.list = byId("clips");
    this.rows = byId("clip-rows");
    this.list.addEventListener("scroll", () => this.#drawRows());
    new ResizeObserver(() => this.#drawRows()).observe(this.list);
    queue.on("queue.change", () => this.draw());
    queue.on("queue.move", () => (queue.mode === "order" ? this.#drawCurrent() : this.draw()));
    for (const radio of document.querySelectorAll("[name=mode]")) {
      onClick(radio, () => queue.setMode(radio.value)); // an arrow key's choice is a click, too
    }
  }

  load(recordings) {
    this.recordings = recordings;
  }

  draw() {
    this.#listed = this.queue.listed();
    this.#mostDoubt = Math.max(1e-6, ...this.queue.clips.doubt);
    this.rows.style.height = `${this.#listed.length * ROW_PX}px`;
    byId("clips-count").textContent = `${this.#listed.length}`;
    this.#drawCurrent();
  }

  #drawCurrent() {
    if (this.#shownFor !== this.queue.index) this.#scrollToCurrent();
    this.#drawRows();
  }

  #scrollToCurrent() {
    this.#shownFor = this.queue.index;
    const top = this.#listed.indexOf(this.queue.index) * ROW_PX;
    const { scrollTop, clientHeight } = this.list;
    if (top < scrollTop + ROW_PX || top > scrollTop + clientHeight - 2 * ROW_PX) {
      this.list.scrollTop = Math.max(0, top - clientHeight / 3);
    }
  }

  #drawRows() {
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(this.#listed.length, Math.ceil((this.list.scrollTop + this.list.clientHeight) / ROW_PX) + SPARE);
    const focused = document.activeElement?.dataset?.index;
    const rows = [];
    for (let place = first; place < last; place++) rows.push(this.#row(this.#listed[place], place));
    this.rows.replaceChildren(...rows);
    if (focused !== undefined) this.rows.querySelector(`[data-index="${focused}"]`)?.focus({ preventScroll: true });
  }

  #row(index, place) {
    const { clips } = this.queue;
    const state = clips.reviewed[index] ? "reviewed" : "open";
    const share = clips.removed_s[index] / clips.duration_s[index];
    const row = h("button", {
      type: "button", className: `clip-row ${state}`, title: clips.id[index], "data-index": index,
      tabIndex: index === this.queue.index ? 0 : -1, // one stop on the way through the page, not thousands
    }, h("span", { className: "dot" }), h("span", { className: "clip-number", textContent: `#${clips.number[index]}` }),
    h("span", { className: "clip-place", textContent: this.#place(index) }),
    h("span", { className: "hidden", textContent: state === "open" ? "not reviewed" : "reviewed" }),
    meter(share, clips.doubt[index], this.#mostDoubt));
    if (index === this.queue.index) row.setAttribute("aria-current", "true");
    row.style.transform = `translateY(${place * ROW_PX}px)`;
    onClick(row, () => this.open(index));
    return row;
  }

  /** When it starts, or where clips of several recordings are listed, of which it is. */
  #place(index) {
    const { clips, recording } = this.queue;
    const areOfSeveral = recording === null && this.recordings.length > 1;
    return areOfSeveral ? this.recordings[clips.recording[index]] : clock(clips.start_s[index]);
  }
}

/** How much of a clip goes, and how much the model doubts beside the clip that it doubts most. */
function meter(share, doubt, most) {
  const removed = h("span", { className: "bar", title: `${(100 * share).toFixed(0)} % removed` });
  removed.style.setProperty("--share", share);
  const parts = h("span", { className: "meters" }, removed);
  if (doubt !== null && doubt !== undefined) {
    const mark = h("span", { className: "doubt", title: `doubt ${(100 * doubt).toFixed(0)} %` });
    mark.style.setProperty("--share", doubt / most);
    parts.append(mark);
  }
  return parts;
}
