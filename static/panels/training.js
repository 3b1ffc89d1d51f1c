import * as api from "../api.js";
import { byId, h, percent, setText } from "../dom.js";
import { toast } from "./toast.js";

/** The dialog that starts training, follows it and tells what came of it. */
export class Training {
  #state = null; // as it was drawn last

  constructor() {
    onFirstClick(byId("training-start"), () => this.#ask(api.startTraining));
    onFirstClick(byId("training-stop"), () => this.#ask(api.stopTraining));
  }

  show() {
    byId("training").showModal();
  }

  /** What the server says of training: {state, message, share, curve, figures}. */
  draw(training) {
    const running = training.state === "running";
    if (this.#state === "running") this.#tellEnd(training);
    this.#state = training.state;
    byId("training-start").hidden = running;
    byId("training-stop").hidden = !running;
    byId("training-start").disabled = !training.possible;
    setText(byId("training-message"), training.message);
    byId("training-bar").hidden = training.state === "idle";
    byId("training-bar").value = training.share;
    byId("training-bar").textContent = percent(training.share);
    this.#drawCurve(training.curve);
    byId("training-table").hidden = !training.figures.length;
    byId("training-figures").replaceChildren(...training.figures.map(figureRow));
    setText(byId("training-log"), training.log);
    byId("training-log").hidden = !training.log;
    document.querySelector('[data-action="train"]')?.classList.toggle("busy", running);
  }

  /** What the dialog would say of a training's end, where it is shut. */
  #tellEnd({ state, message }) {
    if (byId("training").open || !["done", "failed"].includes(state)) return;
    toast(message, state === "failed" ? "error" : "info");
  }

  async #ask(what) {
    try {
      this.draw(await what());
    } catch (error) {
      toast(error.message, "error");
    }
  }

  #drawCurve(curve) {
    const svg = byId("training-curve");
    svg.toggleAttribute("hidden", curve.length < 2);
    if (curve.length < 2) return;
    const [low, high] = [Math.min(...curve), Math.max(...curve)];
    const points = curve.map((value, i) => {
      const y = high > low ? 46 - (40 * (value - low)) / (high - low) : 26;
      return `${((300 * i) / (curve.length - 1)).toFixed(1)},${y.toFixed(1)}`;
    });
    svg.querySelector("polyline").setAttribute("points", points.join(" "));
    svg.querySelector("title").textContent = `AUC on held-out clips, from ${curve[0]} to ${curve.at(-1)}`;
    byId("training-curve-label").textContent = `AUC on held-out clips: ${curve.at(-1).toFixed(4)}`;
  }
}

/** The two buttons are in one place: what is meant for one is not for the other that has come there. */
function onFirstClick(button, run) {
  button.addEventListener("click", (event) => event.detail < 2 && run());
}

function figureRow({ name, before, after }) {
  const shown = (value) => (value === null || value === undefined ? "–" : value.toFixed(4));
  return h("tr", {}, h("th", { textContent: name, scope: "row" }), h("td", { textContent: shown(before) }),
    h("td", { textContent: shown(after) }));
}
