/**
 * Reads what the package exports, and what is said about it, with the TypeScript compiler.
 */
import { fileURLToPath } from "node:url";
import ts from "typescript";

export interface PublicExport {
  readonly name: string;
  readonly kind: "value" | "type";
  /** Its doc comment; empty when it has none. */
  readonly documentation: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** The compiler's options of the project. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (file) => ts.sys.readFile(file));
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** The exports of a module, in alphabetical order, with the doc comments of their declarations. */
export function publicExports(file: string): PublicExport[] {
  const program = ts.createProgram([file], compilerOptions());
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
  if (!module) throw new Error(`${file} exports nothing`);
  return checker
    .getExportsOfModule(module)
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false;
      return {
        name: exported.name,
        kind: symbol.flags & ts.SymbolFlags.Value && !isTypeOnly ? ("value" as const) : ("type" as const),
        documentation: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}
