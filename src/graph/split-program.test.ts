import { expect, it } from "vitest";
import { add, matmul, multiply, relu, reshape } from "./operators.ts";
import { Program } from "./program.ts";
import { expandLike } from "./shape-operators.ts";
import { splitProgram } from "./split-program.ts";
import { runProgram } from "./testing/run-program.ts";

/** Two layers; what is behind the first reads its results, their shape, and a view of them. */
function program() {
  const whole = new Program("whole");
  const x = whole.input("x", "float32", ["rows", 2]);
  const weight = whole.input("weight", "float32", [2, 2]);
  const hidden = relu(matmul(x, weight));
  const view = reshape(hidden, ["rows", 2, 1]);
  whole.output("hidden", hidden);
  const count = whole.operations.length;
  const other = whole.input("other", "float32", [1, 2]);
  whole.output("sum", add(multiply(hidden, weight.program.scalar(2)), expandLike(other, x)));
  whole.output("view", multiply(view, whole.scalar(3)));
  whole.output("like", expandLike(other, matmul(x, weight)));
  return { whole, count };
}

const x = { data: Float32Array.of(1, -2, 3, 4, 5, 6), shape: [3, 2] };
const weight = { data: Float32Array.of(1, 2, 3, -4), shape: [2, 2] };
const other = { data: Float32Array.of(7, 8), shape: [1, 2] };

it("gives in two parts what the whole gives", async () => {
  const { whole, count } = program();
  const expected = await runProgram(whole, { x, weight, other });
  const { first, second, handedOver } = splitProgram(whole, count, new Set(["hidden"]));
  expect([...first.outputs.keys()]).toEqual(["hidden", ...handedOver]);
  expect([...second.outputs.keys()]).toEqual(["sum", "view", "like"]);
  expect(first.inputs.map(({ name }) => name)).toEqual(["x", "weight"]);
  // The layer's result, of which the view is made again; what is known by its shape alone stays behind.
  expect(handedOver).toEqual(["Relu:"]);
  const { hidden, ...handed } = await runProgram(first, { x, weight });
  expect(hidden).toEqual(expected.hidden);
  expect(await runProgram(second, { x, weight, other, ...handed })).toEqual({
    sum: expected.sum,
    view: expected.view,
    like: expected.like,
  });
});
