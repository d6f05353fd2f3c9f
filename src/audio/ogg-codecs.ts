/**
 * The codecs inside Ogg, each as a decoder of single packets: Opus (RFC 7845), Vorbis (Vorbis I, appendix A) and FLAC
 * (RFC 9639, section 10.1).
 */
import { withoutPrinting } from "./decoded-audio.ts";
import { crc16, parseFlacFrameHeader, parseStreamInfo, STREAM_INFO_BYTES } from "./flac-frame.ts";
import { FlacFrameDecoder } from "./flac-frame-decoder.ts";
import { SAMPLE_RATE } from "./mono.ts";

/** What the first packet of a logical stream says. */
export interface OggCodec {
  name: "Opus" | "Vorbis" | "FLAC";
  /** Samples per second that come out. */
  sampleRate: number;
  /** Granule positions per second. */
  granuleRate: number;
  /** Samples at the start that are there only to prime the decoder, at `sampleRate`. */
  preSkip: number;
  open: () => Promise<PacketDecoder>;
}

export interface PacketDecoder {
  /** Channels of a packet with sound; [] for header packets; null for a packet that cannot be decoded. */
  decode: (packet: Uint8Array) => Promise<Float32Array[] | null>;
  free: () => void;
}

/** Recognises the codec by the first packet of a logical stream; null when it is another one, or damaged. */
export function readOggCodec(packet: Uint8Array): OggCodec | null {
  if (startsWith(packet, "OpusHead")) return readOpusHead(packet);
  if (startsWith(packet, "\u0001vorbis")) return readVorbisHead(packet);
  if (startsWith(packet, "\u007fFLAC")) return readFlacHead(packet);
  return null;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return bytes.length >= text.length && [...text].every((char, i) => bytes[i] === char.charCodeAt(0));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readOpusHead(head: Uint8Array): OggCodec | null {
  if (head.length < 19) return null;
  const channels = head[9];
  const hasMapping = head[18] !== 0;
  if (channels === 0 || (hasMapping ? head.length < 21 + channels : channels > 2)) return null;
  const streamCount = hasMapping ? head[19] : 1;
  const coupledStreamCount = hasMapping ? head[20] : channels - 1;
  const channelMappingTable = hasMapping
    ? [...head.subarray(21, 21 + channels)]
    : channels === 1
      ? [0]
      : [0, 1];
  const decodedChannels = streamCount + coupledStreamCount;
  if (streamCount === 0 || coupledStreamCount > streamCount) return null;
  if (channelMappingTable.some((source) => source !== 255 && source >= decodedChannels)) return null;
  const gain = 10 ** (viewOf(head).getInt16(16, true) / 256 / 20);

  return {
    name: "Opus",
    // Opus codes up to 20 kHz but decodes at any of its rates: at 16 kHz the rest is never computed.
    sampleRate: SAMPLE_RATE,
    granuleRate: 48_000,
    preSkip: Math.round((viewOf(head).getUint16(10, true) * SAMPLE_RATE) / 48_000),
    async open() {
      const { OpusDecoder } = await import("opus-decoder");
      const decoder = new OpusDecoder({
        channels,
        streamCount,
        coupledStreamCount,
        channelMappingTable,
        sampleRate: SAMPLE_RATE,
        preSkip: 0,
      });
      await decoder.ready;
      return {
        async decode(packet) {
          if (startsWith(packet, "OpusHead") || startsWith(packet, "OpusTags")) return [];
          const { channelData, errors } = withoutPrinting(() => decoder.decodeFrame(packet));
          if (errors.length > 0) return null;
          if (gain !== 1)
            for (const samples of channelData) for (let i = 0; i < samples.length; i++) samples[i] *= gain;
          return channelData;
        },
        free: () => decoder.free(),
      };
    },
  };
}

function readVorbisHead(head: Uint8Array): OggCodec | null {
  if (head.length < 30 || head[11] === 0) return null;
  const sampleRate = viewOf(head).getUint32(12, true);
  return {
    name: "Vorbis",
    sampleRate,
    granuleRate: sampleRate,
    preSkip: 0,
    async open() {
      const { OggVorbisDecoder } = await import("@wasm-audio-decoders/ogg-vorbis");
      const decoder = new OggVorbisDecoder();
      await decoder.ready;
      // The package reads these few fields of a page; the codec's own state is all it keeps.
      const decodePage = (data: Uint8Array, codecFrames: { data: Uint8Array; header: object }[]) =>
        decoder.decodeOggPages([{ data, codecFrames, isLastPage: false }] as unknown as Parameters<
          typeof decoder.decodeOggPages
        >[0]);
      let vorbisSetup: Uint8Array | null = null;
      return {
        async decode(packet) {
          if (startsWith(packet, "\u0001vorbis")) await decodePage(packet, []);
          if (startsWith(packet, "\u0005vorbis")) vorbisSetup = packet;
          if ((packet[0] & 1) === 1) return [];
          if (vorbisSetup === null) return null;
          const { channelData, errors } = await decodePage(packet, [
            { data: packet, header: { vorbisSetup } },
          ]);
          return errors.length > 0 ? null : channelData;
        },
        free: () => decoder.free(),
      };
    },
  };
}

function readFlacHead(head: Uint8Array): OggCodec | null {
  // "\x7fFLAC", version, number of header packets, "fLaC", and a metadata block with its header.
  const streamInfo = head.subarray(17, 17 + STREAM_INFO_BYTES);
  if (streamInfo.length < STREAM_INFO_BYTES) return null;
  const info = parseStreamInfo(streamInfo);
  const { sampleRate } = info;
  return {
    name: "FLAC",
    sampleRate,
    granuleRate: sampleRate,
    preSkip: 0,
    async open() {
      const decoder = new FlacFrameDecoder(streamInfo);
      return {
        async decode(packet) {
          if (packet[0] !== 0xff) return [];
          const header = parseFlacFrameHeader(packet, 0, info);
          if (header === null || crc16(packet, 0, packet.length) !== 0) return null;
          return (await decoder.decode(packet, header))?.channels ?? null;
        },
        free: () => decoder.free(),
      };
    },
  };
}
