import { Emitter } from "./events.js";

const SHORTEST_S = 0.25;

/** The stretch of time on show: seconds <-> pixels. Emits `view.change`. */
export class View extends Emitter {
  constructor() {
    super();
    this.limits = [0, 1];
    this.start = 0;
    this.end = 1;
    this.width = 1; // CSS pixels
  }

  /** Show all of [start, end]. */
  fit(startS = this.limits[0], endS = this.limits[1]) {
    this.limits = [startS, endS];
    this.#set(startS, endS);
  }

  /** Let no more than [start, end] be seen; what is on show stays as far as it lies within. */
  confine(startS, endS) {
    this.limits = [startS, endS];
    this.#set(this.start, this.end);
  }

  resize(widthPx) {
    this.width = Math.max(1, widthPx);
    this.emit("view.change");
  }

  x(timeS) {
    return ((timeS - this.start) / (this.end - this.start)) * this.width;
  }

  time(x) {
    return this.start + (x / this.width) * (this.end - this.start);
  }

  get secondsPerPixel() {
    return (this.end - this.start) / this.width;
  }

  /** Show `factor` times less (or, below 1, more) around a moment that stays where it is. */
  zoom(factor, aroundS) {
    const length = Math.min(Math.max((this.end - this.start) / factor, SHORTEST_S), this.limits[1] - this.limits[0]);
    const share = (aroundS - this.start) / (this.end - this.start);
    const start = aroundS - share * length;
    this.#set(start, start + length);
  }

  pan(byS) {
    this.#set(this.start + byS, this.end + byS);
  }

  shows(timeS) {
    return this.start <= timeS && timeS <= this.end;
  }

  /** Turn the page, so that a moment and most of what follows it are in sight. */
  turnTo(timeS) {
    this.pan(timeS - (this.end - this.start) * 0.1 - this.start);
  }

  /** Bring a moment into sight. */
  reveal(timeS) {
    const margin = (this.end - this.start) * 0.1;
    if (timeS < this.start) this.pan(timeS - margin - this.start);
    if (timeS > this.end) this.pan(timeS + margin - this.end);
  }

  #set(startS, endS) {
    const length = Math.min(endS - startS, this.limits[1] - this.limits[0]);
    this.start = Math.min(Math.max(startS, this.limits[0]), this.limits[1] - length);
    this.end = this.start + length;
    this.emit("view.change");
  }
}
