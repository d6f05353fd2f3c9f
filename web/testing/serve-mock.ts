/** Serves the page with the mock server: `npm run mock:page`, for development beside `npm run dev:page`. */
import { MockServer } from "./mock-server.ts";
import { sampleTranscript } from "./sample-transcripts.ts";
import { toneFile } from "./tone.ts";

const terms = [
  "Qwen2-VL",
  "LoRA",
  "Okonkwo",
  "QLoRA",
  "GLCLAP",
  "a term that is too long for every prompt there is",
];
const server = new MockServer({ pace: 300 });
const address = await server.listen(Number(process.env["PORT"] ?? 8017));
server.addRecording("lecture of three hours.wav", sampleTranscript("en", 3 * 3600, terms), toneFile(60));
server.addRecording("组会录音.wav", sampleTranscript("zh", 240, ["LoRA", "通义千问", "千问"]), toneFile(240));
server.addRecording("talk.wav", sampleTranscript("en", 90, terms), toneFile(90));
process.stdout.write(`${address}\n`);
