/**
 * Every kind of recipe that `glossa train` knows.
 */
import type { RecipeKind } from "./recipe.ts";

export const recipeKinds: readonly RecipeKind[] = [];
