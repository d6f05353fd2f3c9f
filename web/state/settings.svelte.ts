/** How the reader likes the page: its language, light or dark. */
import { chinese } from "../language/chinese.ts";
import { english, type Dictionary } from "../language/english.ts";
import { readStored, writeStored } from "./stored.ts";

export type Theme = "system" | "light" | "dark";
export type PageLanguage = "en" | "zh";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

class Settings {
  theme = $state<Theme>(readStored<Theme>("theme", "system"));
  language = $state<PageLanguage>(readStored<PageLanguage | null>("language", null) ?? languageOfBrowser());

  /** For numbers and moments: the reader's own country where it speaks the language of the page. */
  get locale(): string {
    return navigator.languages.find((code) => code.toLowerCase().startsWith(this.language)) ?? this.language;
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    writeStored("theme", theme);
    this.show();
  }

  setLanguage(language: PageLanguage): void {
    this.language = language;
    writeStored("language", language);
    this.show();
  }

  /** Puts both where style sheets and screen readers look for them. */
  show(): void {
    const root = document.documentElement;
    root.lang = this.language === "zh" ? "zh-Hans" : "en";
    root.dataset["theme"] = this.theme === "system" ? (systemIsDark.matches ? "dark" : "light") : this.theme;
  }
}

function languageOfBrowser(): PageLanguage {
  const known = navigator.languages.find((code) => /^(en|zh)\b/i.test(code));
  return known?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const settings = new Settings();
systemIsDark.addEventListener("change", () => settings.show());

/** What the page says, in the reader's language. */
export function text(): Dictionary {
  return settings.language === "zh" ? chinese : english;
}
