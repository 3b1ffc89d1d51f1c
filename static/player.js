import { Emitter } from "./events.js";

/**
 * Plays a clip's sound, to the sample, by Web Audio.
 *
 * Times are seconds on the clip's clock; sound before 0 is the neighbour's. Emits `player.time` (seconds)
 * while it moves and `player.state` ("stopped", "playing", "edited").
 */
export class Player extends Emitter {
  #context = null;
  #source = null;
  #toClip = (s) => s;
  #startedAt = 0;
  #from = 0;
  #frame = 0;

  constructor() {
    super();
    this.state = "stopped";
    this.time = 0;
  }

  /** Take a clip's sound; `beforeS` seconds of it lie before the clip. */
  load(buffer, beforeS) {
    this.stop();
    this.buffer = buffer;
    this.beforeS = beforeS;
    this.seek(0);
  }

  seek(timeS) {
    this.time = timeS;
    this.emit("player.time", timeS);
  }

  /** Play [from, to) of the clip; without `to` up to the end of what is loaded. */
  play(fromS = this.time, toS = Infinity) {
    const offset = Math.max(0, fromS + this.beforeS);
    this.#toClip = (s) => s - this.beforeS;
    this.#start(this.buffer, offset, toS + this.beforeS - offset, "playing");
  }

  /** Play the clip as cut; `kept` tells which stretches of the clip `buffer` holds, end to end. */
  playEdited(buffer, kept) {
    this.#toClip = (s) => clipTime(s, kept);
    this.#start(buffer, 0, Infinity, "edited");
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    if (this.#source) {
      this.#source.onended = null;
      this.#source.stop();
      this.#source = null;
    }
    this.#enter("stopped");
  }

  #start(buffer, offsetS, lengthS, state) {
    this.stop();
    if (!buffer) return;
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    this.#context.resume();
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    source.onended = () => this.#ended(buffer, offsetS, lengthS);
    source.start(0, offsetS, Math.min(lengthS, buffer.duration - offsetS));
    this.#source = source;
    this.#from = offsetS;
    this.#startedAt = this.#context.currentTime;
    this.#enter(state);
    this.#follow();
  }

  #follow() {
    const played = this.#context.currentTime - this.#startedAt;
    this.seek(this.#toClip(this.#from + played));
    this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #ended(buffer, offsetS, lengthS) {
    this.stop();
    this.seek(this.#toClip(Math.min(offsetS + lengthS, buffer.duration)));
  }

  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit("player.state", state);
  }
}

/** Where in the clip a moment of the edited sound comes from. */
export function clipTime(editedS, kept) {
  let passed = 0;
  for (const [start, end] of kept) {
    if (editedS < passed + end - start) return start + editedS - passed;
    passed += end - start;
  }
  return kept.length ? kept.at(-1)[1] : 0;
}

/** Decode a wav at its own rate. */
export function decode(data, rateHz) {
  return new OfflineAudioContext(1, 1, rateHz).decodeAudioData(data);
}
