/**
 * Live sessions over a real WebSocket.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { openAudio } from "../audio/open-audio.ts";
import { resolveCacheFolder } from "../weights/cache-folder.ts";
import { numberedRecording, startTestServer } from "./testing/test-server.ts";
import { useTestServer } from "./testing/use-test-server.ts";

interface Message {
  type: string;
  is_final?: boolean;
  speech_final?: boolean;
  from_finalize?: boolean;
  start?: number;
  duration?: number;
  channel?: { alternatives: { transcript: string; words: { word: string; end: number }[] }[] };
  transcript?: { text: string; terms: { term: string; status: string }[] };
  /** When it came, in milliseconds. */
  at: number;
}

interface Session {
  socket: WebSocket;
  messages: Message[];
  closed: Promise<{ code: number; reason: string }>;
}

async function listen(url: string, query: string, protocols: string[] = []): Promise<Session> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/listen?${query}`, protocols);
  const messages: Message[] = [];
  socket.on("message", (data: Buffer) =>
    messages.push({ ...(JSON.parse(data.toString()) as Message), at: performance.now() }),
  );
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  return { socket, messages, closed };
}

const pcm = (numbers: number[]) => numberedRecording(numbers, { speech: 1, silence: 1 }).subarray(44);
const finals = (messages: Message[]) =>
  messages.filter(({ is_final }) => is_final).map(({ channel }) => channel!.alternatives[0]!.transcript);

describe("a live session", () => {
  const test = useTestServer();

  it("gives partial and final results in Deepgram's shapes, and the transcript at the end", async () => {
    const { socket, messages, closed } = await listen(
      test.url,
      "encoding=linear16&sample_rate=16000&keyterm=word",
    );
    const bytes = pcm([12, 34, 56]);
    const partials = () => messages.filter(({ is_final }) => is_final === false);
    socket.send(bytes.subarray(0, 90_000));
    while (partials().length < 1) await sleep(10);
    // In pieces of odd lengths: samples are cut in two.
    for (let start = 90_000; start < bytes.length; start += 3201) {
      socket.send(bytes.subarray(start, start + 3201));
      await sleep(2);
    }
    socket.send(JSON.stringify({ type: "CloseStream" }));
    expect(await closed).toMatchObject({ code: 1000 });
    expect(finals(messages)).toEqual([
      expect.stringMatching(/^word bc/),
      expect.stringMatching(/^word de/),
      expect.stringMatching(/^word fg/),
    ]);
    const kinds = messages.map(({ type }) => type);
    expect(kinds.filter((kind) => kind === "SpeechStarted")).toHaveLength(3);
    expect(kinds).toContain("UtteranceEnd");
    expect(partials()[0]!.channel!.alternatives[0]!.transcript).toMatch(/^word de/);
    const last = messages.at(-1)!;
    expect(last).toMatchObject({ type: "Metadata", duration: 6, models: ["letters"] });
    expect(last.transcript!.text).toBe(finals(messages).join(" "));
    expect(last.transcript!.terms).toMatchObject([{ term: "word", status: "written" }]);
  });

  it("replaces its terms, and makes final what was said when asked", async () => {
    const { socket, messages, closed } = await listen(test.url, "encoding=linear16&interim_results=false");
    socket.send(pcm([12]));
    while (finals(messages).length < 1) await sleep(10);
    socket.send(JSON.stringify({ type: "Configure", terms: ["WORD"] }));
    while (!messages.some(({ type }) => type === "Configured")) await sleep(10);
    socket.send(pcm([34]).subarray(0, 28_000));
    socket.send(JSON.stringify({ type: "Finalize" }));
    while (finals(messages).length < 2) await sleep(10);
    expect(finals(messages)[0]).toMatch(/^word bc/);
    expect(finals(messages)[1]).toMatch(/^WORD de/);
    expect(messages.findLast(({ is_final }) => is_final)).toMatchObject({ from_finalize: true });
    socket.send(JSON.stringify({ type: "CloseStream" }));
    expect(await closed).toMatchObject({ code: 1000 });
    expect(messages.every(({ is_final }) => is_final !== false)).toBe(true);
  });

  it("goes on after a long silence", async () => {
    const { socket, messages, closed } = await listen(test.url, "encoding=linear16&interim_results=false");
    // More than may wait to be dealt with.
    for (let second = 0; second < 80; second++) socket.send(Buffer.alloc(32_000));
    socket.send(pcm([12]));
    while (finals(messages).length < 1) await sleep(10);
    expect(finals(messages)[0]).toMatch(/^word bc/);
    socket.send(JSON.stringify({ type: "CloseStream" }));
    expect(await closed).toMatchObject({ code: 1000 });
  });

  it("takes a file as it stands, and says what is wrong with messages and queries", async () => {
    const file = await listen(test.url, "");
    file.socket.send(numberedRecording([12]));
    file.socket.send("no json");
    file.socket.send(JSON.stringify({ type: "Configure", terms: 5 }));
    file.socket.send(JSON.stringify({ type: "CloseStream" }));
    expect(await file.closed).toMatchObject({ code: 1000 });
    expect(finals(file.messages)).toEqual([expect.stringMatching(/^word bc/)]);
    expect(file.messages.filter(({ type }) => type === "Error")).toHaveLength(2);

    const wrong = await listen(test.url, "sample_rate=1&encoding=linear16");
    expect(await wrong.closed).toMatchObject({ code: 1008, reason: expect.stringContaining("sample_rate") });
    const noise = await listen(test.url, "");
    noise.socket.send(Buffer.from("not audio at all, by no means, whatever one does with it"));
    noise.socket.send(JSON.stringify({ type: "CloseStream" }));
    expect(await noise.closed).toMatchObject({ code: 1008 });
  });
});

const cached = (id: string) => existsSync(join(resolveCacheFolder(), "models", id));

describe.skipIf(!cached("moonshine-tiny") || !cached("silero-vad"))(
  "a live session with a real model (needs moonshine-tiny and silero-vad in the model cache)",
  () => {
    it("hears what is said", async () => {
      await using test = await startTestServer(
        { model: "moonshine-tiny", liveModel: "moonshine-tiny", models: ["moonshine-tiny"] },
        {
          load: { offline: true },
          workerFile: new URL("./recognition/worker-main.ts", import.meta.url),
        },
      );
      const example = new URL("../../examples/talk.ogg", import.meta.url).pathname;
      const { socket, messages, closed } = await listen(
        test.url,
        "encoding=linear16&interim_results=false&keyterm=Qwen2-VL",
      );
      await using audio = await openAudio(example);
      for await (const chunk of audio.chunks) {
        socket.send(Buffer.from(Int16Array.from(chunk, (sample) => sample * 32_767).buffer));
      }
      socket.send(JSON.stringify({ type: "CloseStream" }));
      expect(await closed).toMatchObject({ code: 1000 });
      const { transcript } = messages.at(-1)!;
      // The capital is up to the model.
      expect(transcript!.text).toMatch(/welcome back/i);
      expect(transcript!.text).toContain("Qwen2-VL");
    }, 120_000);
  },
);
