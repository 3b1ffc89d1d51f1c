/** Going from clip to clip; what is on show is saved first, and a conflict keeps one where one is. */
export class Navigate {
  constructor({ editor, queue, clips, saver, view, say }) {
    Object.assign(this, { editor, queue, clips, saver, view, say });
  }

  /** Open the clip that the queue stands at. */
  show = async () => {
    const { id } = this.queue;
    let clip;
    try {
      clip = await this.clips.get(id);
    } catch (error) {
      this.say(`${id}: ${error.message}`, "error");
      return;
    }
    if (id !== this.queue.id) return; // somebody went on meanwhile
    const extent = [-clip.before_s, clip.duration_s + clip.after_s];
    if (this.editor.clip?.id === id) this.view.confine(...extent);
    else this.view.fit(...extent);
    this.editor.open(clip);
    this.clips.prefetch(this.queue.ahead());
  };

  /** Save and open the clip at `index`. */
  to = async (index, { reviewed = false } = {}) => {
    if (!(await this.saver.save({ reviewed }))) return;
    this.queue.moveTo(index);
    await this.show();
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
    await this.to(index, { reviewed: !skipped });
  };

  previous = async () => {
    if (!(await this.saver.save({ reviewed: false }))) return;
    this.queue.back();
    await this.show();
  };

  accept = () => this.editor.accept();

  acceptAndNext = async () => {
    if (this.editor.isProposal) this.editor.accept();
    await this.next();
  };

  unsure = async () => {
    const index = this.queue.unsure();
    if (index >= 0) await this.to(index, { reviewed: !this.editor.isProposal && this.editor.canUndo });
  };
}
