import { Layer } from "./layer.js";

const HIGHEST_HZ = 8000;
const SHOWN_HZ = [500, 1000, 2000, 4000];

/** Where some pitches lie on the spectrogram, along its left border. */
export class ScaleLayer extends Layer {
  draw(context) {
    context.font = "10px system-ui, sans-serif";
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = this.colour("--curve-halo");
    context.fillStyle = this.colour("--ink-soft");
    for (const hz of SHOWN_HZ) {
      const y = this.height * (1 - mel(hz) / mel(HIGHEST_HZ));
      const text = hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`;
      context.strokeText(text, 7, y + 3);
      context.fillText(text, 7, y + 3);
      context.fillRect(0, y, 4, 1);
    }
  }
}

/** Slaney's scale, as the spectrogram's bands lie: linear up to 1 kHz, logarithmic above. */
function mel(hz) {
  return hz < 1000 ? (hz * 3) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4);
}
