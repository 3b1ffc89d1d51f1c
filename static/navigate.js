/** Going from clip to clip; what is on show is saved first, and a conflict keeps one where one is. */
export class Navigate {
  /** `say(message, tone)` tells a person; `wait(isWaiting)` shows that a clip is on its way. */
  constructor({ editor, queue, clips, saver, view, say, wait }) {
    Object.assign(this, { editor, queue, clips, saver, view, say, wait });
  }

  #wanted = null; // the clip that is being fetched

  /**
   * Open the clip of that id; resolves to false where it cannot be opened. The queue follows by `move` once it is
   * there, so that both tell of one clip.
   */
  show = async (id = this.#wanted?.id ?? this.queue.id, move = (index) => this.queue.moveTo(index)) => {
    const wanted = (this.#wanted = { id });
    this.wait(true);
    const clip = await this.clips.get(id).catch((error) => this.say(`${id}: ${error.message}`, "error"));
    if (wanted !== this.#wanted) return true; // somebody went on meanwhile
    this.#wanted = null;
    this.wait(false);
    if (!clip) return false;
    move(this.queue.indexOf(id));
    const extent = [-clip.before_s, clip.duration_s + clip.after_s];
    if (this.editor.clip?.id === id) this.view.confine(...extent);
    else this.view.fit(...extent);
    this.editor.open(clip);
    this.clips.prefetch(this.queue.ahead());
    return true;
  };

  /** Open the clip at `index`, or where its files are gone, say, the first after it that can be opened. */
  showFrom = async (index, move) => {
    const tried = new Set();
    while (index >= 0 && !tried.has(index) && !(await this.show(this.queue.clips.id[index], move))) {
      tried.add(index);
      index = this.queue.next(index);
    }
  };

  /** Save and open the clip at `index`. */
  to = async (index, { reviewed = false, move } = {}) => {
    const id = this.queue.clips.id[index];
    if (await this.saver.save({ reviewed })) await this.show(id, move);
  };

  next = async () => {
    const { editor, queue } = this;
    const skipped = editor.isProposal;
    const index = queue.next();
    if (index < 0) {
      if (await this.saver.save({ reviewed: !skipped })) this.say("That was the last clip in this order.");
      return;
    }
    if (skipped) this.say("Left unreviewed: the proposal was not accepted (A accepts).");
    if (await this.saver.save({ reviewed: !skipped })) await this.showFrom(index);
  };

  previous = async () => {
    const index = this.queue.previous();
    if (index >= 0) await this.to(index, { move: (there) => this.queue.back(there) });
  };

  accept = () => this.editor.accept();

  acceptAndNext = async () => {
    if (this.editor.isProposal) this.editor.agree(); // which going on saves
    await this.next();
  };

  unsure = async () => {
    const index = this.queue.unsure();
    const move = (there) => this.queue.moveTo(there, true);
    if (index >= 0) await this.to(index, { reviewed: !this.editor.isProposal && this.editor.canUndo, move });
  };
}
