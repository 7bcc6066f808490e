// The phone's camera, where the browser itself can read codes. Nothing of what it sees leaves the page.

const EVERY_MS = 150;
const SAME_MS = 4000; // a ticket held in front of the camera is one ticket

export class Camera {
  constructor(video, onCode) {
    this.video = video;
    this.onCode = onCode;
    this.stream = null;
    this.last = { code: "", at: -Infinity };
  }

  // The name of the words for why there is none here; null where there is.
  static async why() {
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) return "camera_https";
    if (!("BarcodeDetector" in window)) return "camera_none";
    try {
      return (await BarcodeDetector.getSupportedFormats()).includes("qr_code") ? null : "camera_none";
    } catch {
      return "camera_none";
    }
  }

  get isOn() {
    return this.stream !== null;
  }

  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: "environment" } }, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.#look(new BarcodeDetector({ formats: ["qr_code"] }), this.stream);
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }

  async #look(detector, stream) {
    while (this.stream === stream) {
      try {
        for (const found of await detector.detect(this.video)) this.#saw(found.rawValue);
      } catch {
        // A frame that could not be read; the next one may be.
      }
      await new Promise((next) => setTimeout(next, EVERY_MS));
    }
  }

  #saw(code) {
    const at = performance.now();
    const isSame = code === this.last.code && at - this.last.at < SAME_MS;
    this.last = { code, at };
    if (!isSame && code) this.onCode(code);
  }
}
