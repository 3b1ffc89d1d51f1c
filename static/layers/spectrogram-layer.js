import { Layer } from "./layer.js";

const BANDS = 64;
const FRAME_S = 0.01;
const LEAST_RANGE = 7; // nepers of power: a clip of nothing but a quiet room does not look loud

/** The log-mel spectrogram: the very numbers that the network sees, thousandths of a neper, low bands below. */
export class SpectrogramLayer extends Layer {
  #image = null;
  #palette = null;

  constructor(canvas, view, editor) {
    super(canvas, view);
    this.editor = editor;
    editor.on("clip.open", () => {
      this.#image = null;
      this.redraw();
    });
  }

  draw(context) {
    const { clip } = this.editor;
    if (!clip) return;
    this.#image ??= this.#paint(clip.mel);
    const left = this.view.x(-clip.before_s);
    const right = this.view.x(-clip.before_s + (clip.mel.length / BANDS) * FRAME_S);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#image, left, 0, right - left, this.height);
  }

  recolour() {
    this.#palette = null;
    this.#image = null;
  }

  /** One pixel a frame and band; `mel` is (frames, bands). */
  #paint(mel) {
    this.#palette ??= palette(this.colour("--mel-stops"));
    const [low, high] = range(mel);
    const frames = mel.length / BANDS;
    const image = new ImageData(Math.max(1, frames), BANDS);
    const pixels = new Uint32Array(image.data.buffer);
    for (let frame = 0; frame < frames; frame++) {
      for (let band = 0; band < BANDS; band++) {
        const share = (mel[frame * BANDS + band] - low) / (high - low);
        const shade = Math.min(255, Math.max(0, (share * 255) | 0));
        pixels[(BANDS - 1 - band) * frames + frame] = this.#palette[shade];
      }
    }
    const canvas = new OffscreenCanvas(image.width, BANDS);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }
}

/** What is shown as darkest and as brightest: all but the faintest and loudest hundredths. */
function range(mel) {
  const sorted = Int16Array.from(mel).sort();
  const low = sorted[Math.floor(sorted.length * 0.02)] ?? 0;
  const high = sorted[Math.floor(sorted.length * 0.997)] ?? 1;
  return [low, Math.max(high, low + LEAST_RANGE * 1000)];
}

/** 256 colours from a list of colours at equal distances, in the byte order of ImageData. */
function palette(stops) {
  const canvas = new OffscreenCanvas(256, 1);
  const context = canvas.getContext("2d");
  const gradient = context.createLinearGradient(0, 0, 256, 0);
  const colours = stops.split(/\s+/);
  colours.forEach((colour, i) => gradient.addColorStop(i / (colours.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(0, 0, 256, 1);
  return new Uint32Array(context.getImageData(0, 0, 256, 1).data.buffer);
}
