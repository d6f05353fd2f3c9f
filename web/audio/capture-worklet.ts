/** Runs in the browser's audio thread: passes the microphone's samples on in pieces of about a tenth of a second. */

declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

class Capture extends AudioWorkletProcessor {
  #piece = new Float32Array(Math.round(sampleRate / 10));
  #length = 0;

  /** @param inputs `[input][channel]` of 128 samples each; no channels while nothing is connected */
  process([channels]: Float32Array[][]): boolean {
    const count = channels?.length ?? 0;
    const frames = channels?.[0]?.length ?? 0;
    for (let index = 0; index < frames; index++) {
      let sum = 0;
      for (let channel = 0; channel < count; channel++) sum += channels![channel]![index]!;
      this.#piece[this.#length++] = sum / count;
      if (this.#length === this.#piece.length) this.#flush();
    }
    return true;
  }

  #flush(): void {
    this.port.postMessage(this.#piece, [this.#piece.buffer]);
    this.#piece = new Float32Array(Math.round(sampleRate / 10));
    this.#length = 0;
  }
}

registerProcessor("capture", Capture);
