import { describe, expect, it } from "vitest";
import { spokenFormsOf } from "./spoken-forms.ts";

describe("spokenFormsOf", () => {
  it.each([
    ["RoPE", "rope"],
    ["K8s", "kubernetes"],
    ["i18n", "internationalization"],
    ["CUDA_VISIBLE_DEVICES=0,1", "cuda visible devices equals zero comma one"],
    ["CUDA_VISIBLE_DEVICES", "cuda visible devices"],
    ["GPT-4", "G P T four"],
    ["Qwen2-VL", "qwen two V L"],
    ["C++", "C plus plus"],
    ["C#", "C sharp"],
    [".NET", "dot net"],
    ["node.js", "node js"],
    ["RTX 3090", "R T X thirty ninety"],
    ["H100", "H one hundred"],
    ["v1.30", "v one point thirty"],
    ["LLMs", "L L Ms"],
    ["vLLM", "v L L M"],
    ["QLoRA", "Q lora"],
    ["GLCLAP", "G L clap"],
    ["HuggingFace", "hugging face"],
    ["AT&T", "A T and T"],
    ["self.proj_in", "self proj in"],
    ["H A N N A H", "hannah"],
    ["S A M S U N G P A Y", "samsung pay"],
    ["L O G O", "logo"],
    ["T C U B E", "t cube"],
  ])("says %s as %s", (term, spoken) => {
    expect(spokenFormsOf(term)).toContain(spoken);
  });

  it.each(["attention", "Hoffmann", "beam search", "语音识别", "Ada Lovelace"])(
    "leaves %s, said as written",
    (term) => {
      expect(spokenFormsOf(term).map((form) => form.toLowerCase())).toEqual(
        /\p{Lu}/u.test(term) && term.includes(" ") ? [term.toLowerCase()] : [],
      );
    },
  );

  it("leaves letters that are said one by one", () => {
    expect(["I D C", "D V D R"].map((term) => spokenFormsOf(term))).toEqual([[], []]);
  });

  it("finds the long form of a numeronym in the documents", () => {
    expect(spokenFormsOf("v11y", ["visibility", "verifiability"])).toContain("verifiability");
  });

  it("guesses a few forms, not all", () => {
    expect(spokenFormsOf("A1B2C3D4E5=1,2").length).toBeLessThanOrEqual(4);
  });
});
