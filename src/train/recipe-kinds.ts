/**
 * Every kind of recipe that `glossa train` knows.
 */
import type { RecipeKind } from "./recipe.ts";
import { classifyRecipe } from "./recipes/classify.ts";
import { ctcHeadRecipe } from "./recipes/ctc-head.ts";
import { glclapRecipe } from "./recipes/glclap.ts";

// Each kind reads recipes by its own schema.
export const recipeKinds = [ctcHeadRecipe, classifyRecipe, glclapRecipe] as unknown as readonly RecipeKind[];
