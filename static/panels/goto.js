import { byId } from "../dom.js";
import { toast } from "./toast.js";

/** Ask for a clip by its id or number. */
export class Goto {
  constructor(queue, open) {
    this.queue = queue;
    this.open = open;
    byId("goto-form").addEventListener("submit", () => this.#submit());
  }

  show() {
    const field = byId("goto-id");
    field.value = this.queue.id ?? "";
    byId("goto").showModal();
    field.select();
  }

  #submit() {
    const text = byId("goto-id").value;
    const index = this.queue.find(text);
    if (index < 0) toast(`There is no clip “${text}”.`, "error");
    else this.open(index);
  }
}
