/** The line that moves with the sound. */
export class Playhead {
  constructor(element, readout, view, player) {
    this.element = element;
    this.readout = readout;
    this.view = view;
    this.player = player;
    player.on("player.time", () => this.#move());
    view.on("view.change", () => this.#move());
  }

  #move() {
    const x = this.view.x(this.player.time);
    this.element.hidden = x < 0 || x > this.view.width;
    this.element.style.transform = `translateX(${x}px)`;
    this.readout.textContent = `${this.player.time.toFixed(2)} s`;
  }
}
