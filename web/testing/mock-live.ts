/** The live part of the mock server: counts the samples that come, and says one made-up word for every half second. */
import type { WebSocket } from "ws";
import type { FastifyRequest } from "fastify";
import { sampleTranscript } from "./sample-transcripts.ts";

const wordSeconds = 0.5;
const wordsOfUtterance = 6;

export function mockLive(socket: WebSocket, request: FastifyRequest): void {
  const rate = Number((request.query as Record<string, string>)["sample_rate"]);
  const said = sampleTranscript("en", 120, []).segments.flatMap((segment) =>
    segment.words.map((word) => word.text),
  );
  let samples = 0;
  let finalWords = 0;
  let heardWords = 0;
  const send = (message: unknown) => socket.send(JSON.stringify(message));
  const results = (from: number, to: number, isFinal: boolean) =>
    send({
      type: "Results",
      start: from * wordSeconds,
      duration: (to - from) * wordSeconds,
      is_final: isFinal,
      speech_final: isFinal,
      channel: { alternatives: [{ transcript: said.slice(from, to).join(" "), confidence: 0.9, words: [] }] },
    });
  const settle = () => {
    if (heardWords > finalWords) results(finalWords, heardWords, true);
    finalWords = heardWords;
  };
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) {
      const message = JSON.parse(data.toString()) as { type: string; terms?: unknown[] };
      if (message.type === "Configure")
        send({ type: "Configured", termCount: message.terms?.length ?? 0, warnings: [] });
      if (message.type === "CloseStream") {
        settle();
        const duration = samples / rate;
        const transcript = sampleTranscript("en", duration + 3, []);
        send({ type: "Metadata", request_id: "live_1", duration, channels: 1, transcript });
        socket.close(1000);
      }
      return;
    }
    samples += data.length / 2;
    const words = Math.min(said.length, Math.floor(samples / rate / wordSeconds));
    if (words === heardWords) return;
    heardWords = words;
    if (heardWords - finalWords >= wordsOfUtterance) settle();
    else results(finalWords, heardWords, false);
  });
}
