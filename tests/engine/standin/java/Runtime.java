import java.lang.reflect.Method;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Lambda runtime interface for handlers of one plain argument: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
public final class Runtime {
    private static final String API = "http://" + System.getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        String[] handler = System.getenv("_HANDLER").split("::");
        Object target;
        Method method = null;
        try {
            Class<?> type = Class.forName(handler[0]);
            target = type.getDeclaredConstructor().newInstance();
            for (Method candidate : type.getMethods()) {
                if (candidate.getName().equals(handler[1]) && candidate.getParameterCount() == 1) {
                    method = candidate;
                }
            }
            if (method == null) {
                throw new NoSuchMethodException(handler[1]);
            }
        } catch (Exception error) {
            post("init/error", failure(error));
            throw error;
        }
        while (true) {
            HttpResponse<String> next =
                    CLIENT.send(HttpRequest.newBuilder(URI.create(API + "invocation/next")).build(), HttpResponse.BodyHandlers.ofString());
            String id = next.headers().firstValue("Lambda-Runtime-Aws-Request-Id").orElseThrow();
            try {
                post("invocation/" + id + "/response", write(method.invoke(target, new Json(next.body()).value())));
            } catch (java.lang.reflect.InvocationTargetException error) {
                post("invocation/" + id + "/error", failure(error.getCause()));
            }
        }
    }

    private static void post(String path, String body) throws Exception {
        CLIENT.send(
                HttpRequest.newBuilder(URI.create(API + path)).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.discarding());
    }

    private static String failure(Throwable error) {
        return write(Map.of("errorType", error.getClass().getSimpleName(), "errorMessage", String.valueOf(error.getMessage())));
    }

    private static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            List<String> items = new ArrayList<>();
            map.forEach((key, item) -> items.add(write(String.valueOf(key)) + ":" + write(item)));
            return "{" + String.join(",", items) + "}";
        }
        if (value instanceof Iterable<?> list) {
            List<String> items = new ArrayList<>();
            list.forEach(item -> items.add(write(item)));
            return "[" + String.join(",", items) + "]";
        }
        if (value instanceof String text) {
            StringBuilder out = new StringBuilder("\"");
            for (char c : text.toCharArray()) {
                out.append(c == '"' || c == '\\' ? "\\" + c : c < 32 ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
            return out.append('"').toString();
        }
        return String.valueOf(value);
    }

    private static final class Json {
        private final String text;
        private int at = 0;

        Json(String text) {
            this.text = text;
        }

        Object value() {
            space();
            char c = text.charAt(at);
            switch (c) {
                case '{': {
                    Map<String, Object> map = new LinkedHashMap<>();
                    at++;
                    for (space(); text.charAt(at) != '}'; space()) {
                        String key = (String) value();
                        space();
                        at++;
                        map.put(key, value());
                        space();
                        if (text.charAt(at) == ',') {
                            at++;
                        }
                    }
                    at++;
                    return map;
                }
                case '[': {
                    List<Object> list = new ArrayList<>();
                    at++;
                    for (space(); text.charAt(at) != ']'; space()) {
                        list.add(value());
                        space();
                        if (text.charAt(at) == ',') {
                            at++;
                        }
                    }
                    at++;
                    return list;
                }
                case '"': {
                    StringBuilder out = new StringBuilder();
                    for (at++; text.charAt(at) != '"'; at++) {
                        if (text.charAt(at) != '\\') {
                            out.append(text.charAt(at));
                            continue;
                        }
                        char escape = text.charAt(++at);
                        if (escape == 'u') {
                            out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                            at += 4;
                        } else {
                            out.append(escape == 'n' ? '\n' : escape == 't' ? '\t' : escape == 'r' ? '\r' : escape);
                        }
                    }
                    at++;
                    return out.toString();
                }
                default: {
                    int start = at;
                    while (at < text.length() && ",]} \n\r\t".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                    String word = text.substring(start, at);
                    if (word.equals("true") || word.equals("false")) {
                        return Boolean.valueOf(word);
                    }
                    if (word.equals("null")) {
                        return null;
                    }
                    if (word.matches("-?\\d+")) {
                        long number = Long.parseLong(word);
                        return number == (int) number ? (Object) (int) number : (Object) number;
                    }
                    return Double.valueOf(word);
                }
            }
        }

        private void space() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }
    }
}
