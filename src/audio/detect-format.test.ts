import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { detectFormat } from "./detect-format.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const latin1 = (text: string) => Buffer.from(text.padEnd(64, "\0"), "latin1");

describe("detectFormat", () => {
  it.each([
    ["sine-pcm_s16le.wav", "wav", "WAV"],
    ["sine-rf64.wav", "wav", "WAV"],
    ["sine-extensible.wav", "wav", "WAV"],
    ["sine-adpcm_ima_wav.wav", "ffmpeg", "WAV with IMA ADPCM"],
    ["clicks.mp3", "mp3", "MP3"],
    ["clicks.flac", "flac", "FLAC"],
    ["clicks.oga", "ogg", "Ogg FLAC"],
    ["clicks.ogg", "ogg", "Ogg Vorbis"],
    ["clicks.opus", "ogg", "Ogg Opus"],
    ["clicks.m4a", "ffmpeg", "MP4 or QuickTime (m4a, mp4, mov)"],
    ["clicks.webm", "ffmpeg", "Matroska or WebM (mkv, mka, webm)"],
    ["picture.jpg", "none", "a JPEG picture"],
  ])("%s is read by %s as %s", (name, reader, label) => {
    expect(detectFormat(fixture(name))).toMatchObject({ reader, label });
  });

  it.each([
    ["FORM\0\0\0\0AIFFCOMM", "ffmpeg", "AIFF"],
    ["#!AMR\n\x3c", "ffmpeg", "AMR"],
    ["\xff\xf1\x50\x80", "ffmpeg", "AAC (ADTS)"],
    ["OggS\0\x02".padEnd(26, "\0") + "\x01\x08Speex   ", "ffmpeg", "Ogg with neither Opus, Vorbis nor FLAC"],
    ["\0\0\0\x18ftypheic", "none", "a HEIF picture"],
    ["%PDF-1.7", "none", "a PDF document"],
    ["\x01\x02\x03\x04\xff\xff", "ffmpeg", "an unknown format"],
  ])("knows %j", (start, reader, label) => {
    expect(detectFormat(latin1(start))).toMatchObject({ reader, label });
  });

  it.each([
    ["plain", Buffer.from("The quick brown fox\n")],
    ["UTF-8 that is cut in a character", Buffer.from("é".repeat(3000)).subarray(0, 4095)],
    ["UTF-16", Buffer.from("\ufeffquick", "utf16le")],
    ["a playlist", Buffer.from("#EXTM3U\nhttp://example.com/a.ts\n")],
  ])("takes text for text: %s", (_, bytes) => {
    expect(detectFormat(bytes)).toEqual({ reader: "none", label: "a text file" });
  });

  it("finds MP3 behind junk, but not in noise", () => {
    const junk = Buffer.alloc(500, 0x81);
    expect(detectFormat(Buffer.concat([junk, fixture("clicks.mp3")])).reader).toBe("mp3");
    let state = 7;
    const noise = Buffer.from(
      Array.from({ length: 65_536 }, () => (state = (state * 48_271) % 2_147_483_647) >> 8),
    );
    expect(detectFormat(noise).label).toBe("an unknown format");
  });
});
