/**
 * Words that hold no term together: function words, and words so general that a phrase neither begins nor ends with them.
 */

const functionWords =
  "a an the and or but nor so yet if then else than that this these those which who whom whose what when where why how while " +
  "because since until unless though although whether as at by for from in into of off on onto out over to toward towards under up " +
  "upon with within without about above across after against along among around before behind below beneath beside besides between " +
  "beyond despite down during except inside like near outside past per through throughout via versus vs i me my mine we us our ours " +
  "you your yours he him his she her hers it its they them their theirs itself themselves ourselves yourself myself himself herself " +
  "am is are was were be been being do does did done doing have has had having can could may might must shall should will would " +
  "not no yes also only just very too more most less least much many few some any each every either neither both all none one ones " +
  "other others another such same own there here now again once ever never always often sometimes etc e.g i.e eg ie et al ok okay " +
  "let's don't doesn't didn't won't can't isn't aren't wasn't it's we're they're you're i'm we've they've i've that's there's what's " +
  "two three four five six seven eight nine ten first second third next last";

const generalWords =
  "use uses used using useful show shows shown showed make makes made making get gets got getting give gives given gave giving take " +
  "takes taken took taking see sees seen saw say says said go goes went going come comes came find finds found finding keep keeps " +
  "kept keeping want wants need needs needed know knows known think look looks try tries tried work works worked working put puts set " +
  "sets run runs running call calls called let lets allow allows allowed help helps helped provide provides provided include includes " +
  "included including become becomes follow follows following followed based propose proposed proposes present presents presented " +
  "introduce introduces introduced describe describes described consider considers considered achieve achieves achieved obtain " +
  "obtained perform performs performed improve improves improved increase increases increased reduce reduces reduced compare compared " +
  "compares apply applies applied require requires required contain contains contained produce produces produced result results " +
  "resulting report reports reported add adds added adding remove removes removed start starts started stop stops begin begins end " +
  "ends ended leave leaves left turn turns turned seem seems change changes changed choose chosen means mean meaning measure " +
  "measured measures write writes written read reads send sends sent hold holds held tell tells told ask asks asked bring happens " +
  "good better best bad worse worst new old big bigger large larger largest small smaller smallest long longer short shorter high " +
  "higher highest low lower lowest great little different similar several various certain possible able available important main " +
  "whole full easy hard simple really quite almost nearly enough well still even rather however therefore thus hence moreover instead " +
  "today tomorrow yesterday soon already together way ways thing things lot lots kind kinds part parts number numbers case cases " +
  "example examples time times people year years day days fact point points place places right wrong e.g. i.e. cannot without " +
  "please welcome thank thanks hello everyone everything something anything nothing someone anyone figure table section chapter page " +
  "slide appendix question questions summary overview outline agenda introduction conclusion conclusions contents references";

export const stopWords: ReadonlySet<string> = new Set(functionWords.split(" "));
export const generalTermWords: ReadonlySet<string> = new Set(generalWords.split(" "));

/** Words that stand inside names: "Bank of England", "Ludwig van Beethoven". */
export const nameConnectors: ReadonlySet<string> = new Set(
  "of the de la le du da di del der den van von zu und y e bin ibn al".split(" "),
);

/** Chinese words that are no part of a term. */
export const chineseStopWords: ReadonlySet<string> = new Set(
  (
    "我们 你们 他们 它们 这个 那个 这些 那些 一个 一些 一种 可以 能够 没有 因为 所以 但是 如果 然后 以及 或者 并且 而且 通过 进行 使用 " +
    "利用 对于 关于 由于 根据 按照 作为 成为 得到 具有 包括 包含 需要 可能 应该 已经 正在 非常 比较 更加 其中 其他 之间 之后 之前 以上 以下 " +
    "目前 现在 今天 明天 昨天 时候 时间 问题 方面 情况 部分 内容 结果 表示 说明 提出 介绍 大家 什么 怎么 为什么 如何 这样 那样 不同 相同 " +
    "主要 重要 基本 一般 分别 同时 首先 其次 最后 例如 比如 等等 有效 提高 降低 增加 减少 实现 采用 给出 看到 发现 认为 知道 希望 " +
    "为 取 来自 下降 上升 包含 低于 高于 等于 大于 小于 用于 认识 让 使 把 被 将 会 要 能 做 有 是 在 和 与 或 及 等 用 对 到 从 向 以 给 由 该 此 各 每 " +
    "我 你 他 她 它 们 这 那 哪 谁 几 很 太 最 更 就 都 也 还 又 再 才 只 不 没 了 着 过 的 地 得 之 其 新 好 看 说 想 来 去 起 相近 之一"
  ).split(" "),
);
