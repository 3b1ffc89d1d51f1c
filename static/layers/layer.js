/** A canvas over time, sharp at any pixel density, drawn at most once a frame. */
export class Layer {
  #scheduled = false;

  constructor(canvas, view) {
    this.canvas = canvas;
    this.view = view;
    this.context = canvas.getContext("2d");
    this.width = 0; // CSS pixels
    this.height = 0;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    view.on("view.change", () => this.redraw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.recolour();
      this.redraw();
    });
  }

  /** Draw soon; many calls within a frame are one. */
  redraw() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (!this.width) return;
      this.context.setTransform(this.density, 0, 0, this.density, 0, 0);
      this.context.clearRect(0, 0, this.width, this.height);
      this.draw(this.context);
    });
  }

  draw() {}

  recolour() {}

  /** A colour of the page's style, by the name of its custom property. */
  colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(name).trim();
  }

  get density() {
    return this.canvas.width / this.width;
  }

  #resize() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * devicePixelRatio);
    this.canvas.height = Math.round(this.height * devicePixelRatio);
    this.redraw();
  }
}
