import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { normaliseChinese, simplifyChinese } from "./normalise-chinese.ts";

describe("numbers in Chinese text", () => {
  it.each([
    ["设定31度", "设定三十一度"],
    ["气温27点", "气温二十七点"],
    ["0", "零"],
    ["10", "十"],
    ["15", "十五"],
    ["100", "一百"],
    ["110", "一百一十"],
    ["215", "二百一十五"],
    ["1015", "一千零一十五"],
    ["1005", "一千零五"],
    ["12000", "一万二千"],
    ["10010000", "一千零一万"],
    ["100010000", "一亿零一万"],
    ["100000", "十万"],
    ["1000000000000", "一万亿"],
    ["1,234,500,000,000", "一万二千三百四十五亿"],
    ["12,345,678", "一千二百三十四万五千六百七十八"],
    ["3千4百", "三千四百"],
  ])("reads the quantity %s as %s", (written, read) => {
    expect(normaliseChinese(written)).toBe(read);
  });

  it.each([
    ["1.5倍", "一点五倍"],
    ["3.14", "三点一四"],
    ["版本1.2.3", "版本一点二点三"],
    ["60%", "百分之六十"],
    ["5‰", "千分之五"],
    ["-3.5%", "负百分之三点五"],
    ["5%-10%", "百分之五到百分之十"],
    ["1/2", "二分之一"],
    ["3:1", "三比一"],
    ["25~35岁", "二十五到三十五岁"],
    ["零下-5℃", "零下负五度"],
  ])("reads %s as %s", (written, read) => {
    expect(normaliseChinese(written)).toBe(read);
  });

  it.each([
    ["2008年8月8日", "二零零八年八月八日"],
    ["二〇〇八年", "二零零八年"],
    ["2015-8-12", "二零一五年八月十二日"],
    ["2015-2016年", "二零一五到二零一六年"],
    ["1990年代", "一九九零年代"],
    ["1000年", "一千年"],
    ["30年", "三十年"],
    ["9:05", "九点零五分"],
    ["12:00", "十二点"],
    ["12:30:15", "十二点三十分十五秒"],
  ])("reads the date or time %s as %s", (written, read) => {
    expect(normaliseChinese(written)).toBe(read);
  });

  it.each([
    ["13515082192", "一三五一五零八二一九二"],
    ["138-5823-1743", "一三八五八二三一七四三"],
    ["021-55881234", "零二一五五八八一二三四"],
    ["1 3 5 1 5 0 8 2 1 9 2", "一三五一五零八二一九二"],
    ["007", "零零七"],
    ["G7062次", "g七零六二次"],
    ["V2V", "v二v"],
    ["4S店", "四s店"],
    ["12345678901234567", "一二三四五六七八九零一二三四五六七"],
  ])("reads %s digit by digit", (written, read) => {
    expect(normaliseChinese(written)).toBe(read);
  });
});

describe("the Chinese normaliser", () => {
  it("puts the currency behind the amount", () => {
    expect(normaliseChinese("花了$500万")).toBe("花了五百万美元");
    expect(normaliseChinese("￥3,500.50")).toBe("三千五百点五零元");
    expect(normaliseChinese("US$ 20和£1")).toBe("二十美元和一英镑");
  });

  it("writes one script, by words and not only by characters", () => {
    expect(simplifyChinese("臺灣的頭髮與發展")).toBe("台湾的头发与发展");
    expect(simplifyChinese("乾隆皇帝")).toBe("乾隆皇帝");
    expect(simplifyChinese("简体中文, mixed 文字")).toBe("简体中文, mixed 文字");
  });

  it("takes out punctuation, full width, case, invisible characters and needless spaces", () => {
    expect(normaliseChinese("\ufeff百盛（天山店Ａ楼），　你 好！")).toBe("百盛天山店a楼你好");
    expect(normaliseChinese("想听歌曲 Let It Go ，谢谢")).toBe("想听歌曲let it go谢谢");
    expect(normaliseChinese("Don't cry 😀️")).toBe("dont cry");
    expect(normaliseChinese(" \n")).toBe("");
  });

  it("joins letters that are spelled one by one", () => {
    expect(normaliseChinese("T E C H W E B报道")).toBe(normaliseChinese("TECHWEB报道"));
    expect(normaliseChinese("装G P S定位仪")).toBe("装gps定位仪");
    expect(normaliseChinese("黑色T恤 X光")).toBe("黑色t恤x光");
  });

  it("folds ways of saying the same number", () => {
    expect(normaliseChinese("两千")).toBe(normaliseChinese("2000"));
    expect(normaliseChinese("二百")).toBe(normaliseChinese("两百"));
  });

  it("changes nothing in a text that is normal already", () => {
    for (const text of [
      "设定31度，OK？",
      "2008年8月8日 T E C H",
      "13515082192",
      "$1,000 to $2,000",
      "-5℃~8℃",
    ]) {
      const once = normaliseChinese(text);
      expect(normaliseChinese(once)).toBe(once);
    }
  });

  const manifest = new URL("../../../shared/data/zh-aishell-s0150/manifest.jsonl", import.meta.url);
  it.skipIf(!existsSync(manifest))("keeps references with spelled-out numbers (needs ../shared/data)", () => {
    const texts = readFileSync(manifest, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { text: string }).text);
    for (const text of texts) {
      const bare = text
        .toLowerCase()
        .replace(/[\s()（）\ufeff]/g, "")
        .replaceAll("两", "二");
      expect(normaliseChinese(text).replaceAll(" ", "")).toBe(bare);
    }
  });
});
