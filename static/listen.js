import * as api from "./api.js";
import { labelsFromMarks } from "./mark-rules.js";
import { decode } from "./player.js";

const AROUND_S = 0.25;

/** What can be heard of the clip on show. */
export class Listen {
  #edited = { key: null, sound: null };
  #opened = null;
  #follows = false; // whether the view goes along with what is playing
  #last = null; // where it was before; null at the start

  constructor(editor, player, view, onError) {
    Object.assign(this, { editor, player, view, onError });
    editor.on("clip.open", (clip) => this.#open(clip));
    editor.on("marks.change", () => player.state === "edited" && player.stop());
    player.on("player.state", () => (this.#last = null));
    player.on("player.time", (timeS) => player.state !== "stopped" && this.#follow(timeS));
  }

  toggle = () => {
    const { player, editor } = this;
    if (player.state !== "stopped") {
      player.stop();
      return;
    }
    const end = editor.clip.duration_s + editor.clip.after_s;
    this.#play(player.time >= editor.clip.duration_s - 0.01 ? 0 : player.time, end);
  };

  /** As it would be cut: spliced by the server with the program's own code. */
  edited = async () => {
    if (this.player.state === "edited") {
      this.player.stop();
      return;
    }
    this.player.stop();
    try {
      const { clip } = this.editor;
      const { buffer, kept } = await this.#splice();
      if (this.editor.clip !== clip) return; // somebody went on meanwhile
      this.#follows = true;
      if (buffer) this.player.playEdited(buffer, kept);
      else this.onError("Nothing of this clip would be kept.");
    } catch (error) {
      this.onError(error.message);
    }
  };

  selection = () => {
    const { start, end } = this.editor.selection;
    this.#play(start, end);
  };

  /** The half second around a moment; the view stays with the moment. */
  around = (timeS) => this.#play(timeS - AROUND_S, timeS + AROUND_S, false);

  step = (byS) => {
    const { clip } = this.editor;
    this.player.stop();
    const timeS = Math.min(Math.max(this.player.time + byS, 0), clip.duration_s);
    this.player.seek(Math.round(timeS * 1000) / 1000);
    this.view.reveal(this.player.time);
  };

  home = () => {
    this.player.stop();
    this.player.seek(0);
    this.view.reveal(0);
  };

  #open(clip) {
    const another = clip.id !== this.#opened;
    this.#opened = clip.id;
    this.player.load(clip.buffer, clip.before_s);
    if (another && this.editor.auto) this.#play(0, clip.duration_s);
  }

  #play(fromS, toS, follows = true) {
    this.#follows = follows;
    this.player.play(fromS, toS);
  }

  /** The page turns where the playhead runs out of it, not where somebody looks elsewhere meanwhile. */
  #follow(timeS) {
    const ranOut = !this.view.shows(timeS) && (this.#last === null || this.view.shows(this.#last));
    if (this.#follows && ranOut) this.view.turnTo(timeS);
    this.#last = timeS;
  }

  async #splice() {
    const { clip, marks } = this.editor;
    const labels = labelsFromMarks(marks);
    const key = JSON.stringify([clip.id, labels]);
    if (this.#edited.key !== key) {
      const { data, kept } = await api.preview(clip.id, labels);
      const buffer = kept.length ? await decode(data, clip.sample_rate) : null;
      this.#edited = { key, sound: { buffer, kept } };
    }
    return this.#edited.sound;
  }
}
