/**
 * The memory that parameters, their moments and sums of their gradients lie in.
 *
 * Everything that a step changes has two places: the engine reads one and writes its results straight into the other, so that
 * nothing is copied and a step that went wrong leaves the state before it whole.
 */
import { updateNames } from "../graph/adamw.ts";
import { GlossaError } from "../errors.ts";
import { printShape, sameShape } from "../graph/shapes.ts";
import type { Tensor, TensorFactory, Tensors } from "../runtime/session.ts";
import type { FloatTensor, NamedTensors } from "../weights/float-tensor.ts";
import type { DeclaredParameter } from "./build-model.ts";
import { initialValues } from "./initial-values.ts";

/** What a step changes of one parameter: its values and both moments. */
export interface ParameterState {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Null for a parameter that is frozen. */
  readonly moments: { readonly first: Float32Array; readonly second: Float32Array } | null;
}

/** A tensor as it is, and the memory that it will be in after the next step; the same for what never changes. */
interface Slot {
  now: Tensor;
  next: Tensor;
}

/** Tensors by name, each in two places that change parts. */
export class TensorPairs {
  readonly #slots = new Map<string, Slot>();
  readonly #tensors: TensorFactory;

  constructor(tensors: TensorFactory) {
    this.#tensors = tensors;
  }

  add(name: string, values: Float32Array, shape: readonly number[], isFixed = false): void {
    const now = this.#tensors.float32(values, shape);
    const next = isFixed ? now : this.#tensors.float32(new Float32Array(values.length), shape);
    this.#slots.set(name, { now, next });
  }

  now(name: string): Float32Array {
    return this.#slots.get(name)!.now.data as Float32Array;
  }

  /** What is read, by the names that `rename` gives. */
  reads(rename = (name: string) => name): Tensors {
    return Object.fromEntries([...this.#slots].map(([name, { now }]) => [rename(name), now]));
  }

  /** Where results are written. */
  writes(rename: (name: string) => string): Tensors {
    return Object.fromEntries([...this.#slots].map(([name, { next }]) => [rename(name), next]));
  }

  /** What was written is read from now on. */
  exchange(): void {
    for (const slot of this.#slots.values()) [slot.now, slot.next] = [slot.next, slot.now];
  }

  clear(): void {
    for (const { now } of this.#slots.values()) (now.data as Float32Array).fill(0);
  }

  /** @throws GlossaError `model-corrupt` when a tensor has another shape */
  restore(values: NamedTensors): void {
    for (const [name, { now }] of this.#slots) {
      (now.data as Float32Array).set(fitting(values.floats(name), { name, shape: now.dims }));
    }
  }
}

/** Parameters and moments, by the names of the programs' inputs. */
export class ParameterMemory extends TensorPairs {
  /** As the model asked for them. */
  readonly #parameters: readonly DeclaredParameter[];
  readonly #isFrozen: (parameter: DeclaredParameter) => boolean;

  constructor(
    tensors: TensorFactory,
    parameters: readonly DeclaredParameter[],
    isFrozen: (parameter: DeclaredParameter) => boolean,
    { initial, seed }: { initial?: NamedTensors; seed: number },
  ) {
    super(tensors);
    this.#parameters = parameters;
    this.#isFrozen = isFrozen;
    const known = new Set(initial?.names);
    for (const parameter of parameters) {
      const { name, shape } = parameter;
      const values = known.has(name)
        ? // Steps write into it.
          fitting(initial!.floats(name), parameter).slice()
        : initialValues(parameter, seed);
      this.add(name, values, shape, isFrozen(parameter));
      if (isFrozen(parameter)) continue;
      for (const moment of [updateNames.firstMoment(name), updateNames.secondMoment(name)]) {
        this.add(moment, new Float32Array(values.length), shape);
      }
    }
  }

  get trained(): readonly DeclaredParameter[] {
    return this.#parameters.filter((parameter) => !this.#isFrozen(parameter));
  }

  /** Everything that steps change. The arrays are the memory itself: valid until the next step. */
  state(): ParameterState[] {
    return this.#parameters.map((parameter) => {
      const { name, shape } = parameter;
      const moments = this.#isFrozen(parameter)
        ? null
        : {
            first: this.now(updateNames.firstMoment(name)),
            second: this.now(updateNames.secondMoment(name)),
          };
      return { name, shape, values: this.now(name), moments };
    });
  }
}

function fitting(
  tensor: FloatTensor,
  { name, shape }: { name: string; shape: readonly number[] },
): Float32Array {
  if (sameShape(tensor.shape, shape)) return tensor.values;
  throw new GlossaError(
    "model-corrupt",
    `The file has ${name} in shape ${printShape(tensor.shape)}; the model has it in ${printShape(shape)}.`,
  );
}

/** A checkpoint's tensors: parameters, and moments beside them. */
export function stateTensors(state: readonly ParameterState[]): Map<string, FloatTensor> {
  return new Map(
    state.flatMap(({ name, shape, values, moments }) => [
      [name, { shape, values }] as const,
      ...(moments
        ? ([
            [updateNames.firstMoment(name), { shape, values: moments.first }],
            [updateNames.secondMoment(name), { shape, values: moments.second }],
          ] as const)
        : []),
    ]),
  );
}
