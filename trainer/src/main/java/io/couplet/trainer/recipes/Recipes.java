package io.couplet.trainer.recipes;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every recipe there is, by the name that a study uses. */
public final class Recipes {
    private Recipes() {}

    private static final Map<String, Recipe> RECIPES = list(
            // Random crops and flips, nothing else: what torchvision's reference scripts did for years.
            new Recipe("torch-style", 0, 0, true, 0, "crop-flip"), new Recipe("plain", 0, 0, true, 0, "none"));

    private static Map<String, Recipe> list(Recipe... recipes) {
        Map<String, Recipe> map = new LinkedHashMap<>();
        for (Recipe recipe : recipes) {
            map.put(recipe.name(), recipe);
        }
        return map;
    }

    public static List<String> names() {
        return List.copyOf(RECIPES.keySet());
    }

    /** @throws IllegalArgumentException with the names there are */
    public static Recipe named(String name) {
        Recipe recipe = RECIPES.get(name);
        if (recipe == null) {
            throw new IllegalArgumentException(
                    "unknown recipe '" + name + "': there are " + String.join(", ", RECIPES.keySet()));
        }
        return recipe;
    }
}
