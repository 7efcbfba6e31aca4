package shop;

import java.util.Map;
import shop.shared.Greeting;

public final class Handler {
    public String handle(Map<String, Object> event) {
        return Greeting.to((String) event.get("name"));
    }
}
