/**
 * The official OpenAI client, and GLM-ASR-Nano's requests, against the real server.
 */
import OpenAI, { toFile } from "openai";
import { beforeAll, describe, expect, it } from "vitest";
import { formOf, numberedRecording } from "./testing/test-server.ts";
import { useTestServer } from "./testing/use-test-server.ts";

const test = useTestServer();
let client: OpenAI;
beforeAll(() => {
  client = new OpenAI({ apiKey: "none", baseURL: `${test.url}/v1`, maxRetries: 0 });
});

const recording = () => toFile(numberedRecording([12, 34]), "talk.wav");
const text = /^word bc after \w\. word de after \w\.$/;

describe("the OpenAI client", () => {
  it("lists models", async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["letters", "other-letters"]);
    expect((await client.models.retrieve("letters")).id).toBe("letters");
  });

  it("gets text, subtitles and times of words", async () => {
    const create = client.audio.transcriptions.create.bind(client.audio.transcriptions);
    const common = { file: await recording(), model: "whisper-1" };
    expect((await create(common)).text).toMatch(text);
    expect(await create({ ...common, response_format: "text" })).toMatch(/^word bc/);
    expect(await create({ ...common, response_format: "srt" })).toMatch(/^1\n00:00:0\d,\d{3} --> /);
    expect(await create({ ...common, response_format: "vtt" })).toMatch(/^WEBVTT\n/);
    const verbose = await create({
      ...common,
      response_format: "verbose_json",
      timestamp_granularities: ["word", "segment"],
      language: "en",
      prompt: "word, LoRA",
    });
    expect(verbose.text).toMatch(text);
    expect(verbose).toMatchObject({ language: "en", duration: 8 });
    expect(verbose.words!.map(({ word }) => word).slice(0, 2)).toEqual(["word", "bc"]);
    expect(verbose.segments!.map(({ id }) => id)).toEqual([0, 1]);
    for (const { start, end } of verbose.words!) expect(end).toBeGreaterThan(start);
    expect(verbose).toMatchObject({ terms: [{ term: "word", status: "written" }] });
  }, 120_000);

  it("gives a prompt as terms where it is a list, and else as the text before", async () => {
    const create = async (prompt?: string) => {
      const common = { file: await recording(), model: "whisper-1" } as const;
      return client.audio.transcriptions.create({ ...common, prompt, response_format: "verbose_json" });
    };
    const withoutPrompt = await create();
    expect(withoutPrompt.text).toMatch(/^word bc after a\./);
    for (const prompt of [
      // The recogniser says how many characters it was shown, modulo 10.
      "we spoke of word and of adapters.",
      "hello. this is a lecture.",
    ]) {
      const given = await create(prompt);
      const shown = "abcdefghij"[(prompt.length + 1) % 10];
      expect(given.text, prompt).toMatch(new RegExp(`^word bc after ${shown}\\.`));
      expect(given, prompt).toMatchObject({ terms: [] });
    }
    for (const prompt of ["word, LoRA, Dr. Okonkwo, B.R.I.C.K.", "LoRA\nword", "word"]) {
      expect(await create(prompt), prompt).toMatchObject({ terms: [{ term: "word", status: "written" }] });
    }
  });

  it("gets text while it is recognised", async () => {
    const stream = await client.audio.transcriptions.create({
      file: await recording(),
      model: "letters",
      stream: true,
    });
    let pieces = "";
    let whole = "";
    for await (const event of stream) {
      if (event.type === "transcript.text.delta") pieces += event.delta;
      if (event.type === "transcript.text.done") whole = event.text;
    }
    expect(whole).toMatch(text);
    expect(pieces).toBe(whole);
  });

  it("is told what is wrong with a request", async () => {
    const file = await recording();
    await expect(client.audio.transcriptions.create({ file, model: "gpt-9" })).rejects.toMatchObject({
      status: 400,
      param: "model",
      message: expect.stringContaining('there is no model "gpt-9"'),
    });
    const noise = await toFile(Buffer.from("this is no recording"), "talk.wav");
    await expect(client.audio.transcriptions.create({ file: noise, model: "letters" })).rejects.toMatchObject(
      {
        status: 422,
        message: expect.stringContaining("talk.wav"),
      },
    );
  });
});

describe("POST /asr", () => {
  it("takes a file, or base64", async () => {
    const bytes = numberedRecording([12, 34]);
    const asForm = await fetch(`${test.url}/asr`, {
      method: "POST",
      body: formOf([bytes], { language: "en" }),
    });
    const asJson = await fetch(`${test.url}/asr`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ audio: bytes.toString("base64"), language: "en", temperature: 0 }),
    });
    expect(asForm.status).toBe(200);
    const answer = (await asForm.json()) as { text: string; segments: unknown[]; confidence: number };
    expect(await asJson.json()).toEqual(answer);
    expect(answer.text).toMatch(text);
    expect(answer.segments).toHaveLength(2);
    expect(answer.confidence).toBeGreaterThan(0.5);
  });

  it("refuses what is not base64, and names the field", async () => {
    const response = await fetch(`${test.url}/asr`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ audio: "§§§" }),
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ errors: [{ field: "audio" }] });
  });
});
