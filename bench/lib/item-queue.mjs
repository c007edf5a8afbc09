// So many may wait unread before the socket is left alone.
const MAX_WAITING = 4_096;

/** What a socket carried, for one `for await` loop after the other; the socket rests while much waits. */
export class ItemQueue {
  #socket;
  #items = [];
  #next = 0;
  #ended = false;
  #wake;

  constructor(socket) {
    this.#socket = socket;
  }

  push(item) {
    this.#items.push(item);
    if (this.#items.length - this.#next >= MAX_WAITING) this.#socket.pause();
    this.#wakeReader();
  }

  end() {
    this.#ended = true;
    this.#wakeReader();
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  // By hand: an async generator would cost each item more.
  next() {
    if (this.#next < this.#items.length) return Promise.resolve({ done: false, value: this.#items[this.#next++] });
    this.#items = [];
    this.#next = 0;
    if (this.#ended) {
      this.#ended = false;
      return Promise.resolve({ done: true, value: undefined });
    }
    this.#socket.resume();
    return new Promise((resolve) => {
      this.#wake = resolve;
    }).then(() => this.next());
  }

  #wakeReader() {
    this.#wake?.();
    this.#wake = undefined;
  }
}
