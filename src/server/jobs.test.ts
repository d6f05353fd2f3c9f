/**
 * Jobs over HTTP, from upload to result.
 */
import { describe, expect, it } from "vitest";
import { transcriptSchema } from "../transcript/transcript.ts";
import type { Job } from "./schemas.ts";
import { formOf, jobEnd, numberedRecording } from "./testing/test-server.ts";
import { useTestServer } from "./testing/use-test-server.ts";

const test = useTestServer();

const post = (path: string, body?: FormData | string, headers?: Record<string, string>) =>
  fetch(`${test.url}${path}`, { method: "POST", body, headers });

async function createJobs(form: FormData): Promise<Job[]> {
  const response = await post("/v1/jobs", form);
  expect(response.status, await response.clone().text()).toBe(202);
  return ((await response.json()) as { jobs: Job[] }).jobs;
}

describe("a job", () => {
  it("is recognised, and its transcript comes in every format", async () => {
    const [job] = await createJobs(formOf([numberedRecording([12, 34, 56])], { terms: ["word", "nothing"] }));
    expect(job).toMatchObject({ status: "queued", name: "recording-1.wav", options: { termCount: 2 } });
    const done = await jobEnd(test.url, job!.id);
    expect(done).toMatchObject({ status: "done", durationSeconds: 12, language: "zh", error: null });
    const transcript = transcriptSchema.parse(
      await (await fetch(`${test.url}/v1/jobs/${job!.id}/transcript`)).json(),
    );
    expect(transcript.text).toMatch(/^word bc after \w\. word de after \w\. word fg after \w\.$/);
    expect(transcript.terms.map(({ status }) => status)).toEqual(["written", "prompted"]);
    for (const [format, begin] of [
      ["txt", "word bc"],
      ["srt", "1\n00:00:00"],
      ["vtt", "WEBVTT\n"],
      ["tsv", "start\tend\ttext\n"],
    ]) {
      const response = await fetch(`${test.url}/v1/jobs/${job!.id}/transcript?format=${format}&download=1`);
      expect(await response.text()).toContain(begin);
      expect(response.headers.get("content-disposition")).toContain(`recording-1.${format}`);
    }
  });
});
