/**
 * BERT (Devlin et al., 2019) as the branch of GLCLAP that reads, from the folder of a checkpoint: `config.json`, `tokenizer.json`
 * and `model.safetensors` as Hugging Face keeps them. What the paper of GLCLAP uses; a multilingual one reads Mandarin too.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { GlossaError } from "../../errors.ts";
import { plainAttention } from "../../graph/attention.ts";
import { add, gather, gelu, layerNorm, matmul, slice } from "../../graph/operators.ts";
import type { Value } from "../../graph/program.ts";
import { sizeOf } from "../../graph/shape-operators.ts";
import { openSafetensors } from "../../weights/safetensors.ts";
import type { BatchTensor, ModelBuilder } from "../model.ts";
import {
  rowsOfSymbols,
  symbolRows,
  type TextEncoder,
  textVectors,
  type TextWriter,
  type WrittenText,
} from "./text-encoder.ts";

export const bertSchema = z.strictObject({
  bert: z
    .string()
    .describe("Folder with config.json, tokenizer.json and model.safetensors; relative to the recipe."),
  frozen: z.boolean().default(false).describe("Train only what turns its text into a vector."),
  dropout: z.number().min(0).max(0.9).default(0.1),
});

const configSchema = z.object({
  model_type: z.literal("bert"),
  hidden_size: z.number().int().positive(),
  num_hidden_layers: z.number().int().positive(),
  num_attention_heads: z.number().int().positive(),
  intermediate_size: z.number().int().positive(),
  max_position_embeddings: z.number().int().positive(),
  vocab_size: z.number().int().positive(),
  type_vocab_size: z.number().int().positive().default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.literal("gelu").default("gelu"),
  position_embedding_type: z.literal("absolute").default("absolute"),
  // Rows are filled up with zeros.
  pad_token_id: z.literal(0).default(0),
});
type BertConfig = z.infer<typeof configSchema>;

export const bertFiles = {
  config: "config.json",
  tokenizer: "tokenizer.json",
  weights: "model.safetensors",
} as const;

/** Texts in pieces of words. */
export class WordPieceWriter implements TextWriter {
  readonly #tokenizer: HuggingFaceTokenizer;
  readonly #most: number;

  /**
   * @param file a parsed `tokenizer.json`
   * @param most pieces that the model can read at once
   */
  constructor(file: object, most: number) {
    this.#tokenizer = new HuggingFaceTokenizer(file, {});
    this.#most = most;
  }

  /** @throws GlossaError `unreadable-input` */
  static async inFolder(folder: string, most: number): Promise<WordPieceWriter> {
    return new WordPieceWriter((await readJson(join(folder, bertFiles.tokenizer))) as object, most);
  }

  write(text: string): WrittenText | { readonly problem: string } {
    const key = text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]/gu, "");
    if (key === "") return { problem: "there is nothing to read in it" };
    const symbols = this.#tokenizer.encode(text).ids;
    if (symbols.length > this.#most) {
      return { problem: `it has ${symbols.length} pieces of words; at most ${this.#most} can be read` };
    }
    return { text, symbols, key };
  }

  /** int64 `[texts, pieces]`: rows of pieces, filled up with zeros. */
  input(texts: readonly WrittenText[]): BatchTensor {
    return rowsOfSymbols(texts);
  }
}

/** The weights of a checkpoint by their names in BERT itself, as matrices that are multiplied from the right. */
type BertWeights = ReadonlyMap<string, Float32Array>;

export class BertEncoder extends WordPieceWriter implements TextEncoder {
  readonly folder: string;
  /** Pieces that it can read at once. */
  readonly mostPieces: number;
  readonly #config: BertConfig;
  readonly #weights: BertWeights;
  readonly #dimension: number;
  readonly #frozen: boolean;
  readonly #dropout: number;

  private constructor(
    folder: string,
    file: object,
    config: BertConfig,
    weights: BertWeights,
    options: { dimension: number; frozen: boolean; dropout: number },
  ) {
    super(file, config.max_position_embeddings);
    this.folder = folder;
    this.mostPieces = config.max_position_embeddings;
    this.#config = config;
    this.#weights = weights;
    this.#dimension = options.dimension;
    this.#frozen = options.frozen;
    this.#dropout = options.dropout;
  }

  /**
   * @param options.dimension numbers in a text's vector
   * @throws GlossaError `unreadable-input` when a file is missing or no JSON, `invalid-argument` for other models than BERT,
   *   `model-corrupt` for weights that lack a tensor
   */
  static async load(
    folder: string,
    options: { dimension: number; frozen: boolean; dropout: number },
  ): Promise<BertEncoder> {
    const path = join(folder, bertFiles.config);
    const config = configSchema.safeParse(await readJson(path));
    if (!config.success) {
      const { path: field, message } = config.error.issues[0]!;
      throw new GlossaError("invalid-argument", `${path}: ${field.join(".")}: ${message}; BERT is asked for`);
    }
    const file = (await readJson(join(folder, bertFiles.tokenizer))) as object;
    return new BertEncoder(folder, file, config.data, readWeights(folder, config.data), options);
  }

  encode(builder: ModelBuilder, name: string, count: string): Value {
    const { hidden_size: width, num_attention_heads: heads, num_hidden_layers: layers } = this.#config;
    const rows = symbolRows(builder, name, count);
    const { symbols, pieces, bias } = rows;
    const { vocab_size: words, max_position_embeddings: positions, type_vocab_size: types } = this.#config;
    const embedding = (part: string, size: number) =>
      this.#parameter(builder, `embeddings.${part}_embeddings.weight`, [size, width]);
    const ofWords = gather(embedding("word", words), symbols);
    const ofPlaces = slice(embedding("position", positions), 0, 0, sizeOf(symbols, 1), pieces);
    // All of a text is the first sentence.
    const ofSentence = slice(embedding("token_type", types), 0, 0, 1, 1);
    let x = this.#norm(builder, "embeddings.LayerNorm", add(add(ofWords, ofPlaces), ofSentence));
    x = builder.dropout(x, this.#dropout);
    for (let layer = 0; layer < layers; layer++) {
      const within = (part: string) => `encoder.layer.${layer}.${part}`;
      const part = (of: string) => this.#linear(builder, within(`attention.self.${of}`), x, width, width);
      const attended = plainAttention(part("query"), part("key"), part("value"), heads, { bias });
      const output = this.#linear(builder, within("attention.output.dense"), attended, width, width);
      const sum = add(x, builder.dropout(output, this.#dropout));
      const middle = this.#norm(builder, within("attention.output.LayerNorm"), sum);
      const { intermediate_size: inner } = this.#config;
      const open = gelu(this.#linear(builder, within("intermediate.dense"), middle, width, inner));
      const closed = this.#linear(builder, within("output.dense"), open, inner, width);
      x = this.#norm(
        builder,
        within("output.LayerNorm"),
        add(middle, builder.dropout(closed, this.#dropout)),
      );
    }
    return textVectors(builder, rows, x, width, this.#dimension);
  }

  #linear(builder: ModelBuilder, name: string, x: Value, inputs: number, outputs: number): Value {
    const weight = this.#parameter(builder, `${name}.weight`, [inputs, outputs]);
    return add(matmul(x, weight), this.#parameter(builder, `${name}.bias`, [outputs]));
  }

  #norm(builder: ModelBuilder, name: string, x: Value): Value {
    const { hidden_size: width, layer_norm_eps: epsilon } = this.#config;
    const weight = this.#parameter(builder, `${name}.weight`, [width]);
    return layerNorm(x, weight, this.#parameter(builder, `${name}.bias`, [width]), epsilon);
  }

  #parameter(builder: ModelBuilder, name: string, shape: readonly number[]): Value {
    const values = this.#weights.get(name)!;
    return builder.parameter(`text.${name}`, shape, { kind: "values", values }, { frozen: this.#frozen });
  }
}

/** @throws GlossaError `model-corrupt` */
function readWeights(folder: string, config: BertConfig): BertWeights {
  const path = join(folder, bertFiles.weights);
  using file = openSafetensors(path);
  const names = new Set(file.names);
  // Checkpoints with a head for a task keep BERT itself under a name; the oldest call a norm's numbers gamma and beta.
  const spellings = (name: string) =>
    ["", "bert."].flatMap((prefix) => [
      prefix + name,
      prefix +
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"),
    ]);
  const weights = new Map<string, Float32Array>();
  for (const [name, shape] of tensorsOf(config)) {
    const stored = spellings(name).find((spelling) => names.has(spelling));
    if (stored === undefined) throw new GlossaError("model-corrupt", `${path} has no tensor ${name}.`);
    const tensor = file.floats(stored);
    if (tensor.shape.join() !== shape.join()) {
      throw new GlossaError(
        "model-corrupt",
        `${path}: ${stored} must have the shape ${shape.join(" × ")}; it has ${tensor.shape.join(" × ")}.`,
      );
    }
    const isMatrix = shape.length === 2 && !name.startsWith("embeddings.");
    weights.set(name, isMatrix ? turned(tensor.values, shape[0]!, shape[1]!) : tensor.values);
  }
  return weights;
}

/** Names and shapes as they are stored: matrices `[outputs, inputs]`. */
function tensorsOf(config: BertConfig): [name: string, shape: number[]][] {
  const { hidden_size: width, intermediate_size: inner } = config;
  const norm = (name: string): [string, number[]][] => [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
  const linearLayer = (name: string, inputs: number, outputs: number): [string, number[]][] => [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
  const layer = (at: string) => [
    ...["query", "key", "value"].flatMap((part) => linearLayer(`${at}.attention.self.${part}`, width, width)),
    ...linearLayer(`${at}.attention.output.dense`, width, width),
    ...norm(`${at}.attention.output.LayerNorm`),
    ...linearLayer(`${at}.intermediate.dense`, width, inner),
    ...linearLayer(`${at}.output.dense`, inner, width),
    ...norm(`${at}.output.LayerNorm`),
  ];
  return [
    ["embeddings.word_embeddings.weight", [config.vocab_size, width]],
    ["embeddings.position_embeddings.weight", [config.max_position_embeddings, width]],
    ["embeddings.token_type_embeddings.weight", [config.type_vocab_size, width]],
    ...norm("embeddings.LayerNorm"),
    ...Array.from({ length: config.num_hidden_layers }, (_, i) => layer(`encoder.layer.${i}`)).flat(),
  ];
}

function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column]!;
    }
  }
  return result;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new GlossaError("unreadable-input", `${path}: ${(cause as Error).message}`, { cause });
  }
}
