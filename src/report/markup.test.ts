import { describe, expect, it } from "vitest";
import { markup } from "./markup.ts";

describe("markup", () => {
  it("escapes text in elements and attributes", () => {
    const text = `<script>alert("1 & '2'")</script>`;
    const escaped = "&lt;script&gt;alert(&quot;1 &amp; &#39;2&#39;&quot;)&lt;/script&gt;";
    expect(markup`<p title="${text}">${text}</p>`.source).toBe(`<p title="${escaped}">${escaped}</p>`);
  });

  it("keeps markup that was made by a template, and joins lists", () => {
    const items = ["a<b", 2].map((item) => markup`<li>${item}</li>`);
    expect(markup`<ul>${items}</ul>`.source).toBe("<ul><li>a&lt;b</li><li>2</li></ul>");
  });

  it("writes nothing for null, undefined and false, but zero and empty text as they are", () => {
    expect(markup`[${null}${undefined}${false}${0}${""}]`.source).toBe("[0]");
  });
});
