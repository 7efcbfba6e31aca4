package shop;

import com.google.gson.Gson;
import java.util.Map;

public final class Handler {
    public String handle(Map<String, Object> event) {
        return new Gson().toJson(event);
    }
}
