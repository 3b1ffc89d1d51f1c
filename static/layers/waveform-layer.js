import { Layer } from "./layer.js";

const BLOCK = 4; // samples that share a peak: less than a pixel even when zoomed in all the way

/** The clip's waveform, all channels in one, with what is kept drawn strong. */
export class WaveformLayer extends Layer {
  #peaks = null;

  constructor(canvas, view, editor) {
    super(canvas, view);
    this.editor = editor;
    editor.on("clip.open", (clip) => this.#open(clip));
    editor.on("marks.change", () => this.redraw());
  }

  draw(context) {
    const { editor, view } = this;
    if (!editor.clip) return;
    this.#drawRange(context, 0, this.width, this.colour("--wave"));
    for (const mark of editor.marks) {
      const left = Math.max(0, view.x(mark.start));
      const right = Math.min(this.width, view.x(mark.end));
      if (right <= left) continue;
      context.clearRect(left, 0, right - left, this.height);
      this.#drawRange(context, left, right, this.colour("--wave-removed"));
    }
  }

  #open(clip) {
    this.#peaks = peaksOf(clip.buffer);
    this.redraw();
  }

  #drawRange(context, left, right, colour) {
    const { beforeS, rate, low, high, scale } = this.#geometry();
    const middle = this.height / 2;
    const pixel = 1 / this.density;
    context.fillStyle = colour;
    context.beginPath();
    for (let x = left; x < right; x += pixel) {
      const from = Math.max(0, Math.floor(((this.view.time(x) + beforeS) * rate) / BLOCK));
      const to = Math.min(low.length, Math.max(from + 1, Math.ceil(((this.view.time(x + pixel) + beforeS) * rate) / BLOCK)));
      let min = 0;
      let max = 0;
      for (let i = from; i < to; i++) {
        if (low[i] < min) min = low[i];
        if (high[i] > max) max = high[i];
      }
      const top = middle - max * scale;
      context.rect(x, top, pixel, Math.max(pixel, (max - min) * scale));
    }
    context.fill();
  }

  #geometry() {
    const { low, high, loudest } = this.#peaks;
    const { clip } = this.editor;
    const scale = (this.height / 2 - 4) / Math.max(loudest, 0.05);
    return { beforeS: clip.before_s, rate: clip.buffer.sampleRate, low, high, scale };
  }
}

function peaksOf(buffer) {
  const blocks = Math.ceil(buffer.length / BLOCK);
  const low = new Float32Array(blocks);
  const high = new Float32Array(blocks);
  let loudest = 0;
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) {
      const block = (i / BLOCK) | 0;
      if (samples[i] < low[block]) low[block] = samples[i];
      if (samples[i] > high[block]) high[block] = samples[i];
    }
  }
  for (let i = 0; i < blocks; i++) loudest = Math.max(loudest, high[i], -low[i]);
  return { low, high, loudest };
}
