import { Layer } from "./layer.js";

const STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60];
const LEAST_PX = 64;

/** Seconds of the clip along the top. */
export class AxisLayer extends Layer {
  draw(context) {
    const step = STEPS_S.find((s) => s / this.view.secondsPerPixel >= LEAST_PX) ?? 120;
    const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillStyle = this.colour("--ink-soft");
    const first = Math.ceil(this.view.start / step);
    for (let n = first; n * step <= this.view.end; n++) this.#tick(context, n * step, digits);
  }

  #tick(context, timeS, digits) {
    const x = this.view.x(timeS);
    context.fillRect(Math.round(x), this.height - 5, 1, 5);
    const text = `${timeS.toFixed(digits)} s`;
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(x, half + 2), this.width - half - 2), this.height - 9);
  }
}
