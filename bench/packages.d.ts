/**
 * What the peers' packages offer, as far as it is used here: the repository must type-check without them installed.
 */
declare module "@huggingface/transformers" {
  export const env: { allowRemoteModels: boolean; localModelPath: string };
  export function pipeline(
    task: "automatic-speech-recognition",
    model: string,
    options: { dtype: string; device: string; session_options: { intraOpNumThreads: number } },
  ): Promise<(samples: Float32Array, options: Record<string, unknown>) => Promise<{ text: string }>>;
}

declare module "llama-tokenizer-js" {
  const llamaTokenizer: { decode(tokens: readonly number[]): string };
  export default llamaTokenizer;
}

declare module "sherpa-onnx-node" {
  interface Stream {
    acceptWaveform(audio: { samples: Float32Array; sampleRate: number }): void;
  }
  interface MoonshineRecognizerConfig {
    featConfig: { sampleRate: number; featureDim: number };
    modelConfig: {
      moonshine: { encoder: string; mergedDecoder: string };
      tokens: string;
      numThreads: number;
      provider: string;
    };
  }
  const sherpa: {
    OfflineRecognizer: new (config: MoonshineRecognizerConfig) => {
      createStream(): Stream;
      decode(stream: Stream): void;
      getResult(stream: Stream): { text: string };
    };
  };
  export default sherpa;
}
