/** A quiet tone as a WAV file, for where some recording is needed. */
export function toneFile(seconds: number, rate = 8000): Buffer {
  const count = Math.round(rate * seconds);
  const file = Buffer.alloc(44 + 2 * count);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + 2 * count, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(rate * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(2 * count, 40);
  for (let index = 0; index < count; index++) {
    file.writeInt16LE(Math.round(800 * Math.sin((2 * Math.PI * 330 * index) / rate)), 44 + 2 * index);
  }
  return file;
}
