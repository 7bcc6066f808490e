// Scans that have no answer yet, kept on this phone until they have one; each with its nonce, so that none counts twice.

const KEY = "natoma.scans";
const AT_MOST = 2000;

export class Queue {
  constructor(storage) {
    this.storage = storage;
    this.waiting = this.#read();
  }

  get length() {
    return this.waiting.length;
  }

  add(scan) {
    this.waiting.push(scan);
    if (this.waiting.length > AT_MOST) this.waiting.shift();
    this.#write();
  }

  // Answered, or taken back by whoever stood there.
  remove(nonce) {
    this.waiting = this.waiting.filter((one) => one.nonce !== nonce);
    this.#write();
  }

  has(nonce) {
    return this.waiting.some((one) => one.nonce === nonce);
  }

  #read() {
    try {
      const kept = JSON.parse(this.storage.getItem(KEY) || "[]");
      return Array.isArray(kept) ? kept.filter((one) => one && typeof one.nonce === "string" && typeof one.code === "string") : [];
    } catch {
      return [];
    }
  }

  #write() {
    try {
      this.storage.setItem(KEY, JSON.stringify(this.waiting));
    } catch {
      // Nothing can be kept here: they live as long as the page is open.
    }
  }
}

// What /scans is asked for one that was scanned earlier. A phone whose clock was set back tells no time ahead.
export const asAsked = (scan, at) => ({
  token: scan.code,
  nonce: scan.nonce,
  direction: scan.direction,
  age_s: Math.min(86400, Math.max(0, Math.round((at - scan.at) / 100) / 10)),
});
