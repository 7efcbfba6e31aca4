package shop.shared;

import com.google.gson.Gson;
import java.util.Map;

public final class Greeting {
    private Greeting() {}

    public static String to(String name) {
        return new Gson().toJson(Map.of("greeting", "Hello, " + name));
    }
}
