/**
 * Lets all hypotheses of one window share one cross-attention cache.
 *
 * The published Whisper decoders reshape the cached keys by the batch of the queries, so that every hypothesis needs
 * its own copy: 37 MB for each with `whisper-base`, 110 MB with `whisper-small`, read again at every step. All
 * hypotheses attend to the same audio, so the step branch is changed to treat them as so many queries of one batch:
 * `[heads, hypotheses, width] · [heads, width, frames]`. The arithmetic of each query stays the same.
 */
import { constantShape, type OnnxModel, type OnnxNode, transposition } from "../../graph/onnx-file.ts";

/**
 * Changes the step branch of a merged decoder in place.
 *
 * After it, `past_key_values.*.encoder.*` are fed with a batch of one for any number of hypotheses, and
 * `cross_attentions.*` of the step branch have shape `[heads, hypotheses, frames]`.
 *
 * @returns false, and nothing is changed, when the graph is not built the way that the published ones are
 */
export function shareCrossAttention(
  model: OnnxModel,
  shape: { layers: number; heads: number; headWidth: number },
): boolean {
  const branching = model.graph.node.find((node) => node.opType === "If");
  const branch = branching?.attribute.find((attribute) => attribute.name === "then_branch")?.g;
  if (!branch) return false;
  const nodes = new Map(branch.node.map((node) => [node.name, node]));
  const layers = Array.from({ length: shape.layers }, (_, layer) => findLayer(nodes, layer));
  if (layers.some((layer) => layer === null)) return false;

  const { heads, headWidth } = shape;
  const added = new Map<OnnxNode, OnnxNode[]>();
  for (const [layer, parts] of layers.entries()) {
    const { queries, toBatch, keys, values, toHeads, beforeOutput, output } = parts!;
    const name = (what: string) => `shared_cross_attention.${layer}.${what}`;
    // [hypotheses, 1, heads, width] → [heads, hypotheses, 1, width] → [heads, hypotheses, width]
    queries.attribute = transposition([2, 0, 1, 3]);
    const reshape = (node: OnnxNode, what: string, dimensions: number[]) => {
      node.input[1] = name(what);
      added.set(node, [constantShape(name(what), dimensions)]);
    };
    reshape(toBatch, "query_shape", [heads, -1, headWidth]);
    reshape(keys, "key_shape", [heads, -1, headWidth]);
    reshape(values, "value_shape", [heads, -1, headWidth]);
    // Weights leave as they are, [heads, hypotheses, frames], and go on without the detour over the batch.
    parts!.weights.opType = "Identity";
    parts!.weights.input.length = 1;
    parts!.weightsBack.opType = "Identity";
    parts!.weightsBack.input.length = 1;
    // [heads, hypotheses, width] → [heads, hypotheses, 1, width] → [hypotheses, 1, heads, width] → [hypotheses, 1, heads · width]
    reshape(toHeads, "context_shape", [heads, -1, 1, headWidth]);
    beforeOutput.attribute = transposition([1, 2, 0, 3]);
    reshape(output, "output_shape", [-1, 1, heads * headWidth]);
  }
  branch.node = branch.node.flatMap((node) => [...(added.get(node) ?? []), node]);
  return true;
}

/** The nodes around one layer's cross-attention, by the names that PyTorch's exporter gives them. */
function findLayer(nodes: ReadonlyMap<string, OnnxNode>, layer: number) {
  const find = (name: string, opType: string) => {
    const node = nodes.get(`/model/decoder/layers.${layer}/encoder_attn/${name}`);
    return node?.opType === opType ? node : null;
  };
  const found = {
    queries: find("Transpose", "Transpose"),
    toBatch: find("Reshape_1", "Reshape"),
    keys: find("Reshape_2", "Reshape"),
    values: find("Reshape_3", "Reshape"),
    weights: find("Reshape_4", "Reshape"),
    weightsBack: find("Reshape_5", "Reshape"),
    toHeads: find("Reshape_6", "Reshape"),
    beforeOutput: find("Transpose_2", "Transpose"),
    output: find("Reshape_7", "Reshape"),
  };
  const fits =
    Object.values(found).every((node) => node !== null) &&
    found.keys!.input[0] === `past_key_values.${layer}.encoder.key` &&
    found.values!.input[0] === `past_key_values.${layer}.encoder.value` &&
    found.weights!.output[0] === `cross_attentions.${layer}`;
  return fits ? (found as { [Name in keyof typeof found]: OnnxNode }) : null;
}
